import { beforeAll, describe, expect, it } from 'vitest';
import type { StageOutput, Unit } from '../../src/pipeline/stage.js';
import type { Patient, PatientBags, Segment } from '../../src/operators/cohort/cohort-data.js';
import { stage1 } from '../../src/operators/stage1/stage1.js';
import { predictionsSchema, type Prediction } from '../../src/operators/stage3/prediction-data.js';
import { stage3 } from '../../src/operators/stage3/stage3.js';
import { auc } from '../../src/operators/stats/auc.js';
import { readSafetensors } from '../../src/operators/tensor/safetensors.js';
import { bagsArtifact, type MadeArtifact } from '../support/invented-cohort.js';
import { cohortIn, miniCohort, miniConfig, type MiniInputs } from '../support/mini-cohort.js';
import { runStage } from '../support/run-stage.js';

const mini = miniCohort();
const { base, embed } = mini.inputs;
const original = cohortIn({ ...base, ...embed });
const width = original.widths['TMA'] ?? 0;

/**
 * Divides the instances of a patient into a slide and cores. Every third patient has no slide, and every third has no
 * cores.
 */
function shared({ bags }: Patient, i: number): Patient['bags'] {
  const [segment] = bags['TMA'] ?? [];
  if (segment === undefined) return {};
  const first = [0, segment.rows, Math.ceil(segment.rows / 2)][i % 3] ?? 0;
  const part = (artifact: string, from: number, to: number): Segment[] =>
    to > from ? [{ artifact, start: segment.start + from, rows: to - from }] : [];
  const parts = { WSI: part('slides', 0, first), TMA: part('features', first, segment.rows) };
  return Object.fromEntries(Object.entries(parts).filter(([, segments]) => segments.length > 0));
}

const patients = original.patients.map((patient, i) => ({ ...patient, bags: shared(patient, i) }));
const bagsOf = (modality: string): MadeArtifact => {
  const own: PatientBags['patients'] = Object.fromEntries(
    patients.flatMap(({ id, bags }) => (bags[modality] === undefined ? [] : [[id, [...bags[modality]]]])),
  );
  return bagsArtifact(modality, width, own);
};
const files = embed.embed?.[0]?.files ?? {};
const inputs: MiniInputs = {
  ...base,
  embed: ['features', 'slides'].map((id) => ({ id, files })),
};
const config = { ...miniConfig, modalities: ['WSI' as const, 'TMA' as const] };
/**
 * The `bags` artifacts that the job graph gives to a `stage1` job: those of the modality of its unit, or of all
 * modalities if the unit has none (method on the union of all bags).
 */
const bagsFor = ({ modality }: Unit): MiniInputs => ({
  bags: (modality === undefined ? ['WSI', 'TMA'] : [modality]).map(bagsOf),
});
const trained = async (
  unit: Unit,
  given: MiniInputs = { ...inputs, ...bagsFor(unit) },
): Promise<StageOutput> =>
  (await runStage(stage1, { config, unit: { fold: 0, ...unit }, inputs: given })).output;
const positions = (having: (bags: Patient['bags']) => boolean): string[] =>
  patients.filter(({ bags }) => having(bags)).map(({ id }) => id);

describe('stage 1 on the union of bags', () => {
  it('is stage 1 on one bag of the instances of both, slide first', async () => {
    const union = await trained({ union: true });
    expect(union.files).toEqual((await trained({ modality: 'TMA' }, { ...base, ...embed })).files);
  });

  it('says whose instances it lacks when no training patient has any', async () => {
    const given = { ...inputs, bags: ['WSI', 'TMA'].map((modality) => bagsArtifact(modality, width, {})) };
    await expect(trained({ union: true }, given)).rejects.toThrow(/WSI or TMA/);
  });
});

describe.each<[string, Unit, (bags: Patient['bags']) => boolean, number]>([
  ['wsi_clam', { modality: 'WSI' }, ({ WSI }) => WSI !== undefined, 0.6],
  ['tma_clam', { modality: 'TMA' }, ({ TMA }) => TMA !== undefined, 0.6],
  ['wsi_tma_clam', { union: true }, ({ WSI, TMA }) => (WSI ?? TMA) !== undefined, 0.7],
])('%s', (method, unit, having, wanted) => {
  let encoder: StageOutput;
  let row: StageOutput;
  let predictions: readonly Prediction[];

  beforeAll(async () => {
    encoder = await trained(unit);
    const given = {
      ...base,
      stage1: [{ id: 'encoder', unit, files: encoder.files }],
    };
    row = (await runStage(stage3, { config, unit: { fold: 0, method }, inputs: given })).output;
    predictions = predictionsSchema.parse(row.files['predictions.json']);
  });

  it('scores validation and test patients by the bag classifier', () => {
    const { logits } = readSafetensors(encoder.files['z.safetensors'] as Uint8Array);
    const scores = logits?.data as Float32Array;
    expect(predictions.map(({ patient }) => Number(patient))).toEqual(
      Array.from({ length: 96 }, (_, i) => 144 + i),
    );
    for (const { patient, logit, observed } of predictions)
      if (observed)
        expect(logit).toBeCloseTo(
          Number(scores[2 * Number(patient) + 1]) - Number(scores[2 * Number(patient)]),
          6,
        );
    const tested = predictions.filter(({ split, observed }) => split === 'test' && observed);
    expect(
      auc(
        tested.map(({ y }) => y),
        tested.map(({ logit }) => logit),
      ),
    ).toBeGreaterThan(wanted);
  });

  it('gives patients without a bag the base rate of the training patients', () => {
    const without = predictions.filter(({ observed }) => !observed);
    const tested = new Set(predictions.map(({ patient }) => patient));
    expect(without.map(({ patient }) => patient)).toEqual(
      positions((bags) => !having(bags)).filter((id) => tested.has(id)),
    );
    expect(without.length).toBeGreaterThan(0);
    const deceased = patients.slice(0, 144).filter(({ y }) => y === 1).length;
    for (const { p } of without) expect(p).toBeCloseTo(deceased / 144, 12);
  });

  it('was trained where its encoder was', () => {
    expect(row.files['history.json']).toEqual(encoder.files['history.json']);
    expect(row.metrics?.['valAuc']).toBe(encoder.metrics?.['valAuc']);
  });
});
