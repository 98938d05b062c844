import { describe, expect, it } from 'vitest';
import { latentMapFile, latentMapSchema, type LatentMap } from '../../src/operators/latent/latent-data.js';
import { latent, shownPatients } from '../../src/operators/latent/latent.js';
import { inventedIds, inventedOutcome } from '../support/invented-results.js';
import {
  inventedLatents,
  latentArtifact,
  latentInputs,
  latentWidth,
  type InventedLatents,
} from '../support/latent-case.js';
import { runStage } from '../support/run-stage.js';

const modalities = ['TMA', 'Clin', 'Blood'] as const;
const M = modalities.length;
const patients = 36;
const ids = inventedIds(patients);
const tested = ids.flatMap((id, position) => (position % 3 === 0 ? [{ id, position }] : []));
/** The first two test patients each lack modalities, and a patient who is not tested lacks all of them. */
const absent = (patient: number, m: number): boolean =>
  (patient === 0 && m === 1) || (patient === 3 && m !== 2) || patient === 4;

const latents = inventedLatents(patients, M, absent);

async function mapOf(given: InventedLatents = latents): Promise<LatentMap> {
  const { output } = await runStage(latent, {
    config: { modalities: [...modalities] },
    unit: { fold: 0, alignment: 'svd' },
    inputs: latentInputs(given, modalities),
  });
  return latentMapSchema.parse(output.files[latentMapFile]);
}

const vector = (vectors: Float32Array, patient: number, m: number): number[] => {
  const from = (patient * M + m) * latentWidth;
  return [...vectors.subarray(from, from + latentWidth)];
};
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, d) => sum + value * (b[d] as number), 0);
const cosine = (a: readonly number[], b: readonly number[]): number =>
  dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe('the latent map', () => {
  it('has a point for every observed modality of every test patient, and no other', async () => {
    const { points, perplexity } = await mapOf();
    const expected = tested.flatMap(({ id, position }) =>
      modalities
        .filter((_, m) => !absent(position, m))
        .map((modality) => [id, modality, inventedOutcome(id)]),
    );
    expect(points.map(({ patient, modality, y }) => [patient, modality, y])).toEqual(expected);
    expect(perplexity).toBeCloseTo((expected.length - 1) / 3, 12);
  });

  it('shows every n-th test patient where all would be too many', () => {
    const all = Array.from({ length: 10_000 }, (_, i) => 3 * i);
    expect(shownPatients(all.slice(0, 1100), 1100)).toEqual(all.slice(0, 1100));
    const shown = shownPatients(all, 20_000);
    expect(shown).toHaveLength(550);
    expect(shown[0]).toBe(0);
    const steps = new Set(shown.slice(1).map((patient, i) => (patient - (shown[i] as number)) / 3));
    expect([...steps].every((step) => step === 18 || step === 19)).toBe(true);
    expect(all.at(-1) as number).toBeLessThanOrEqual((shown.at(-1) as number) + 3 * 19);
  });

  it('brings the modalities of a patient together after alignment, not before', async () => {
    const { points } = await mapOf();
    const ownNeighbour = (when: 'before' | 'after'): number =>
      mean(
        points.map((point) => {
          const distance = (other: (typeof points)[number]): number =>
            Math.hypot(other[when][0] - point[when][0], other[when][1] - point[when][1]);
          const others = points.filter((other) => other !== point).sort((a, b) => distance(a) - distance(b));
          return others[0]?.patient === point.patient ? 1 : 0;
        }),
      );
    expect(ownNeighbour('after')).toBeGreaterThan(0.7);
    expect(ownNeighbour('before')).toBeLessThan(0.3);
  });

  it('tells the mean cosines of all pairs, within and between patients', async () => {
    const { similarity } = await mapOf();
    for (const [when, vectors] of [
      ['before', latents.before],
      ['after', latents.u],
    ] as const) {
      const within: number[] = [];
      const between: number[] = [];
      for (const { position: a } of tested)
        for (const { position: b } of tested)
          for (let m = 0; m < M; m++)
            for (let k = 0; k < M; k++) {
              if (absent(a, m) || absent(b, k)) continue;
              const value = cosine(vector(vectors, a, m), vector(vectors, b, k));
              if (a === b && m < k) within.push(value);
              if (a < b && m === k) between.push(value);
            }
      expect(similarity[when].withinPatient).toBeCloseTo(mean(within), 6);
      expect(similarity[when].betweenPatients).toBeCloseTo(mean(between), 6);
    }
    expect(similarity.after.leadingShare).toBeGreaterThan(0.85);
    expect(similarity.before.leadingShare).toBeLessThan(0.75);
  });

  it('shows the first test patient with the most modalities', async () => {
    const { example } = await mapOf();
    expect(example).toEqual({
      patient: ids[6],
      before: modalities.map((_, m) => vector(latents.before, 6, m)),
      after: modalities.map((_, m) => vector(latents.u, 6, m)),
    });
  });

  it('leaves a row of the example empty where nobody has the modality', async () => {
    const { example } = await mapOf(inventedLatents(patients, M, (_, m) => m === 1));
    expect(example?.patient).toBe(ids[0]);
    expect(example?.after.map((row) => row === null)).toEqual([false, true, false]);
  });

  it('has nothing to compare when nobody has two modalities', async () => {
    const { similarity } = await mapOf(inventedLatents(patients, M, (_, m) => m > 0));
    expect(similarity.after.withinPatient).toBeNull();
    expect(similarity.after.leadingShare).toBeNull();
    expect(similarity.after.betweenPatients).not.toBeNull();
  });

  it('refuses latent vectors of another cohort', async () => {
    const inputs = latentInputs(latents, modalities);
    const other = latentArtifact(inventedLatents(patients - 1, M, absent), M);
    await expect(
      runStage(latent, {
        config: { modalities: [...modalities] },
        unit: { fold: 0, alignment: 'svd' },
        inputs: { ...inputs, stage2: [other] },
      }),
    ).rejects.toThrow('36 patients in 3 modalities');
  });
});
