import { beforeAll, describe, expect, it } from 'vitest';
import { tableVectors } from '../../src/operators/preprocessing/table-vectors.js';
import { replayDraws } from '../../src/operators/bundle/drawn-maps.js';
import { foldGraph } from '../../src/operators/onnx-export/fold-graph.js';
import { loadRuntime, type OnnxTensor, type Runtime } from '../../src/operators/tensor/onnx/runtime.js';
import { useBackend } from '../support/numeric-backends.js';
import type { Changes } from '../support/resolved-config.js';
import { instanceWidth, scoredFold, type ScoredFold } from '../support/scored-fold.js';

const runtime = await loadRuntime().catch((error: unknown): Runtime | null => {
  console.warn(`SKIPPED: no onnxruntime-node (${String(error)})`);
  return null;
});

/** The encoded row of a patient, and whether there is one. */
function vectorOf({ parts, data }: ScoredFold, modality: string, patient: number) {
  const columns = parts.record.tables[modality]?.columns ?? [];
  const table = data.tables.get(modality);
  if (table === undefined) throw new Error(`no table ${modality}`);
  const row = table.patients.indexOf(data.patients[patient] as string);
  const chosen = columns.map((_, at) => at);
  return tableVectors(
    table,
    [row === -1 ? undefined : row],
    { chosen, columns },
    parts.config.tabular.absentRow,
  );
}

/** The inputs of the exported model; NaN where a modality is not open, which must not be read. */
function inputsOf(fold: ScoredFold, { Tensor }: Runtime, patient: number, open: readonly number[]) {
  const feeds: Record<string, OnnxTensor> = {
    open: new Tensor('float32', Float32Array.from(open), [1, open.length]),
  };
  fold.modalities.forEach(({ id, kind }, m) => {
    const known = kind === 'bag' ? fold.instancesOf(id, patient) : vectorOf(fold, id, patient).values;
    const width = kind === 'bag' ? instanceWidth : known.length;
    const rows = open[m] === 1 ? known : new Float32Array(width).fill(NaN);
    feeds[id] = new Tensor('float32', rows, [rows.length / width, width]);
  });
  return feeds;
}

const small: Changes = {
  mil: { hidden: 16, attention: 8 },
  align: { hidden: 20, width: 10 },
  fusion: { hidden: 14, projection: 9 },
  single: { hidden: 11 },
};
const maps: Changes = {
  ...small,
  mil: { ...small.mil, transfer: 'linear' },
  tabular: { transfer: 'frozenRandom' },
};

const cases: readonly (readonly [string, string, Changes, number])[] = [
  ['haf', 'as it is', small, 1],
  ['haf', 'with fixed maps of the tables and a map T of the bags', maps, 1],
  ['haf', 'with imputed rows and two logits', { ...small, tabular: { absentRow: 'impute' } }, 2],
  ['haf', 'of four hazards', maps, 4],
  ['haf', 'of three networks', { ...small, fusion: { ...small.fusion, ensemble: 3 } }, 2],
  ['haf_attached', 'with maps', maps, 1],
  ['all_mlp', 'with maps of its own', small, 1],
  ['all_mlp', 'with fixed maps', maps, 1],
  ['drop', 'with fixed maps', maps, 2],
  ['clip_drop', 'as it is', small, 1],
  ['wsi_tma_mlp', 'with a map T', maps, 1],
  ['tma_clam', 'with a map T', maps, 2],
  ['tma_clam', 'without activation', { ...small, mil: { ...small.mil, activation: 'none' } }, 2],
  ['wsi_tma_clam', 'the union of two bags', small, 2],
  ['blood', 'as it is', small, 1],
  ['blood', 'with a fixed map', maps, 2],
];

describe.skipIf(runtime === null)('an exported model gives the outputs of the model', () => {
  beforeAll(() => useBackend('wasm'));

  it.each(cases)('%s %s', async (id, _, changes, outputs) => {
    const onnx = runtime as Runtime;
    const fold = await scoredFold(id, changes, outputs);
    const { model, parts, modalities, data } = fold;
    const bytes = await foldGraph({ ...parts, rng: replayDraws(parts.arrays) }, modalities);
    const session = await onnx.InferenceSession.create(bytes, { logSeverityLevel: 3 });
    expect([...session.inputNames].sort()).toEqual([...model.modalities, 'open'].sort());
    expect(session.outputNames).toEqual(['logits']);

    const seen = [...data.patients.keys()].filter((patient) => model.sees(patient));
    let [compared, lowest, highest] = [0, Infinity, -Infinity];
    const compare = async (
      patient: number,
      open: readonly number[],
      row: readonly number[],
    ): Promise<void> => {
      const { logits } = await session.run(inputsOf(fold, onnx, patient, open));
      expect(logits?.dims).toEqual([1, outputs]);
      row.forEach((value, k) => {
        const own = (logits?.data as Float32Array)[k] as number;
        expect(Math.abs(own - value), `patient ${patient}`).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
      });
      [lowest, highest] = [Math.min(lowest, row[0] as number), Math.max(highest, row[0] as number)];
      compared++;
    };
    const had = (patient: number): number[] => modalities.map((__, m) => (model.has(patient, m) ? 1 : 0));
    const rows = await model.outputs(seen);
    for (const [i, patient] of seen.entries())
      await compare(patient, had(patient), rows[i] as readonly number[]);
    // With each modality hidden from patients who have it and another one.
    for (const [m] of model.hides ? modalities.entries() : []) {
      const without = (patient: number): number[] => had(patient).map((open, k) => (k === m ? 0 : open));
      const having = seen.filter((patient) => model.has(patient, m) && without(patient).includes(1));
      const mask = Uint8Array.from(having.flatMap(without));
      const hidden = await model.outputs(having, mask);
      for (const [i, patient] of having.entries())
        await compare(patient, without(patient), hidden[i] as readonly number[]);
    }
    expect(compared).toBeGreaterThan(5);
    // Patients differ, so equal outputs are no accident.
    expect(highest - lowest).toBeGreaterThan(0.05);
  });
});
