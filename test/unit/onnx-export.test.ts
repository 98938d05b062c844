import { beforeAll, describe, expect, it } from 'vitest';
import type { BundleFold } from '../../src/operators/bundle/bundle-data.js';
import { replayDraws } from '../../src/operators/bundle/drawn-maps.js';
import { FoldPredictor } from '../../src/operators/bundle/fold-scores.js';
import { foldGraph } from '../../src/operators/onnx-export/fold-graph.js';
import { loadRuntime, type OnnxTensor, type Runtime } from '../../src/operators/tensor/onnx/runtime.js';
import { useBackend } from '../support/numeric-backends.js';
import type { Changes } from '../support/resolved-config.js';
import { instanceWidth, scoredFold, type ScoredFold } from '../support/scored-fold.js';

const runtime = await loadRuntime().catch((error: unknown): Runtime | null => {
  console.warn(`SKIPPED: no onnxruntime-node (${String(error)})`);
  return null;
});

/** The columns of every table of `scoredFold`, in another order than that of the fold. */
const names = ['grade', 'age', 'site', 'sex'];

/** The cells of a patient in a table, in the order of `names`. NaN if the patient has no row. */
function cellsOf({ data }: ScoredFold, modality: string, patient: number): Float64Array {
  const table = data.tables.get(modality);
  if (table === undefined) throw new Error(`no table ${modality}`);
  const row = table.patients.indexOf(data.patients[patient] as string);
  const at = names.map((name) => table.columns.findIndex((column) => column.name === name));
  return Float64Array.from(at, (k) =>
    row === -1 ? NaN : (table.cells[row * table.columns.length + k] as number),
  );
}

/** The inputs of the exported model. A modality that is not open is all NaN, because the model must not read it. */
function inputsOf(fold: ScoredFold, { Tensor }: Runtime, patient: number, open: readonly number[]) {
  const feeds: Record<string, OnnxTensor> = {
    open: new Tensor('float32', Float32Array.from(open), [1, open.length]),
  };
  fold.modalities.forEach(({ id, kind }, m) => {
    if (kind === 'table') {
      const cells = open[m] === 1 ? cellsOf(fold, id, patient) : new Float64Array(names.length).fill(NaN);
      feeds[id] = new Tensor('float64', cells, [1, names.length]);
      return;
    }
    const rows = open[m] === 1 ? fold.instancesOf(id, patient) : new Float32Array(instanceWidth).fill(NaN);
    feeds[id] = new Tensor('float32', rows, [rows.length / instanceWidth, instanceWidth]);
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
    const columns = Object.fromEntries(
      modalities.flatMap(({ id: name, kind }) => (kind === 'table' ? [[name, names]] : [])),
    );
    const record: BundleFold = {
      ...{ ...parts.record, unseen: Array<number>(outputs).fill(0.25) },
      survival: outputs === 4 ? { kind: 'hazards', innerEdges: [200, 500, 900], lastEdge: 1500 } : null,
      calibration: { map: { kind: 'platt', slope: 0.7, intercept: -1.5 }, threshold: 0.5 },
    };
    const horizons = outputs === 4 ? [1, 2] : [];
    const scores = new FoldPredictor(model, record, horizons);
    const exported = { ...parts, record, rng: replayDraws(parts.arrays) };
    const bytes = await foldGraph(exported, modalities, columns, horizons);
    const session = await onnx.InferenceSession.create(bytes, { logSeverityLevel: 3 });
    expect([...session.inputNames].sort()).toEqual([...model.modalities, 'open'].sort());
    expect(session.outputNames).toEqual(['logits', 'prediction']);

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
    // The patients include one without any modality of the model.
    const everyone = [...data.patients.keys()];
    for (const [patient, { probability, survival }] of (await scores.of(everyone)).entries()) {
      const { prediction } = await session.run(inputsOf(fold, onnx, patient, had(patient)));
      const wanted = probability === null ? survival : [probability];
      expect(prediction?.dims).toEqual([1, wanted.length]);
      wanted.forEach((value, h) =>
        expect((prediction?.data as Float32Array)[h], `patient ${patient}`).toBeCloseTo(value, 5),
      );
    }
    // Each modality in turn is hidden from the patients who have it and at least one other modality.
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
