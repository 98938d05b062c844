import { beforeAll, describe, expect, it } from 'vitest';
import { replayDraws } from '../../src/operators/bundle/drawn-maps.js';
import type { ScoringData } from '../../src/operators/bundle/scoring-data.js';
import { scoringModel } from '../../src/operators/bundle/scoring-model.js';
import { useBackend } from '../support/numeric-backends.js';
import { scoredFold, type ScoredFold } from '../support/scored-fold.js';

const everyone = ({ data, model }: ScoredFold): number[] =>
  data.patients.flatMap((_, at) => (model.sees(at) ? [at] : []));

beforeAll(() => useBackend('wasm'));

describe.each(['trained', 'frozenRandom'] as const)('a bundled mfmf, projection %s', (projection) => {
  const folded = (): Promise<ScoredFold> => scoredFold('mfmf', { mfmf: { projection } }, 2);

  it('reads every modality, and scores a patient the same whoever is scored with it', async () => {
    const scored = await folded();
    const { model } = scored;
    expect(model.modalities).toEqual(['WSI', 'TMA', 'Clin', 'Blood']);
    const patients = everyone(scored);
    const rows = await model.outputs(patients);
    expect(new Set(rows.map(String)).size).toBe(patients.length);
    for (const [i, patient] of patients.entries())
      expect((await model.outputs([patient]))[0]).toEqual(rows[i]);
  });

  it('gives with a modality hidden what it gives for data without it', async () => {
    const scored = await folded();
    const { parts, data, model } = scored;
    for (const [m, hidden] of model.modalities.entries()) {
      const less: ScoringData = {
        ...data,
        tables: new Map([...data.tables].filter(([id]) => id !== hidden)),
        bags: (ids) => (ids.includes(hidden) ? null : data.bags(ids)),
      };
      const without = await scoringModel({ ...parts, rng: replayDraws(parts.arrays) }, less);
      const patients = everyone(scored).filter((patient) => without.sees(patient));
      const open = Uint8Array.from({ length: patients.length * 4 }, (_, at) => (at % 4 === m ? 0 : 1));
      const rows = await model.outputs(patients, open);
      expect(rows).toEqual(await without.outputs(patients));
      const having = patients.findIndex((patient) => model.has(patient, m));
      expect(rows[having]).not.toEqual((await model.outputs(patients))[having]);
    }
  });
});
