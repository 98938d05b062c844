import { describe, expect, it } from 'vitest';
import type { Bundle, BundleFold } from '../../src/operators/bundle/bundle-data.js';
import { calibrated } from '../../src/operators/calibration/calibrated.js';
import type { CalibrationMap } from '../../src/operators/calibration/calibration-data.js';
import { exportOnnx } from '../../src/operators/onnx-export/export-onnx.js';
import { exportedFold } from '../../src/operators/onnx-export/exported-fold.js';
import {
  exportedModelSchema,
  type ExportedFold,
} from '../../src/operators/onnx-export/exported-model-data.js';
import { survivalOf, type SurvivalModel } from '../../src/operators/survival/survival-model.js';
import { useBackend } from '../support/numeric-backends.js';
import { resolvedConfig } from '../support/resolved-config.js';
import { scoredFold } from '../support/scored-fold.js';

const record: BundleFold = {
  ...{ fold: 1, tables: {}, outputs: 1, encoderOutputs: null, unseen: [0.5], survival: null },
  ...{ calibration: null, classic: null },
};
const logits = [-30, -2.5, -1, -0.25, 0, 0.5, 1, 3, 40];

/** A probability as the docstring of `exportedCalibrationSchema` says. */
function probabilityBy(map: ExportedFold['calibration'], logit: number): number {
  if (map === null) throw new Error('no calibration');
  if (map.kind === 'logistic') return 1 / (1 + Math.exp(-(map.slope * logit + map.intercept)));
  const { logits: at, probabilities: p } = map;
  const above = at.findIndex((knot) => knot >= logit);
  if (above <= 0) return (above === 0 ? p[0] : p.at(-1)) as number;
  const [a, b] = [at[above - 1] as number, at[above] as number];
  const [low, high] = [p[above - 1] as number, p[above] as number];
  return low + ((high - low) * (logit - a)) / (b - a);
}

describe('model.json', () => {
  it.each<CalibrationMap>([
    { kind: 'none' },
    { kind: 'platt', slope: 0.7, intercept: -1.5 },
    { kind: 'temperature', temperature: 2.5 },
    {
      kind: 'isotonic',
      knots: [
        { logit: -1, p: 0.1 },
        { logit: 0.5, p: 0.4 },
        { logit: 1, p: 0.9 },
      ],
    },
  ])('has the calibration $kind', (map) => {
    const { calibration, threshold, unseen } = exportedFold(
      { ...record, calibration: { map, threshold: 0.3 } },
      [],
      [],
    );
    for (const logit of logits)
      expect(probabilityBy(calibration, logit)).toBeCloseTo(calibrated(map, logit), 12);
    expect(threshold).toBe(0.3);
    // The base rate is not calibrated.
    expect(unseen[0]).toBeCloseTo(1 / (1 + Math.exp(-0.5)), 12);
  });

  const years = [0.5, 1, 2, 3, 5, 20];
  it.each<[SurvivalModel, readonly number[]]>([
    [{ kind: 'hazards', innerEdges: [200, 730.5, 1000], lastEdge: 1800 }, [-2, 0.5, -1, 1.5]],
    [{ kind: 'hazards', innerEdges: [200, 730.5], lastEdge: 730.5 }, [-2, 0.5, -1]],
    [{ kind: 'proportional', times: [300, 500, 900], logHazard: [-3, -2, -0.5] }, [0.8]],
  ])('has survival at the horizons, model %#', (survival, outputs) => {
    const unseen = outputs.map(() => 0.25);
    const fold = exportedFold({ ...record, survival, unseen }, [], years);
    const days = years.map((at) => at * 365.25);
    const own = fold.horizons.map((at) =>
      'weights' in at
        ? Math.exp(-at.weights.reduce((sum, w, k) => sum + w * Math.log1p(Math.exp(outputs[k] as number)), 0))
        : at.logHazard === null
          ? 1
          : Math.exp(-Math.exp(at.logHazard + (outputs[0] as number))),
    );
    const wanted = survivalOf(survival, outputs, days);
    own.forEach((value, h) => expect(value).toBeCloseTo(wanted[h] as number, 12));
    expect(new Set(own).size).toBeGreaterThan(2);
    survivalOf(survival, unseen, days).forEach((value, h) => expect(fold.unseen[h]).toBeCloseTo(value, 12));
    expect(fold.calibration).toBeNull();
  });

  it('says how each kind of column is read, with all defaults', () => {
    const table = {
      ...{ id: 'Clin', kind: 'table' as const },
      columns: [
        { name: 'age', kind: 'numeric' as const, range: null },
        { name: 'ill', kind: 'binary' as const, range: null },
        { name: 'sex', kind: 'binary' as const, categories: ['female', 'male'], range: null },
        { name: 'site', kind: 'nominal' as const, categories: ['a', 'b', 'e\u0301'], range: null },
        { name: 'unused', kind: 'numeric' as const, range: null },
      ],
    };
    const columns = [
      { name: 'site', kind: 'nominal' as const, categories: ['a', 'b', 'e\u0301'], fill: 1, known: [0, 1] },
      {
        name: 'age',
        kind: 'numeric' as const,
        fill: 60,
        offset: 50,
        scale: 10,
        range: [40, 80] as [number, number],
      },
      { name: 'ill', kind: 'binary' as const, fill: 0 },
      { name: 'sex', kind: 'binary' as const, fill: 1 },
    ];
    const { tables } = exportedFold({ ...record, tables: { Clin: { columns } } }, [table], []);
    const plain = { known: null, range: null, offset: 0, scale: 1, width: 1 };
    expect(tables['Clin']).toEqual([
      {
        ...plain,
        name: 'site',
        kind: 'nominal',
        codes: { a: 0, b: 1, '\u00e9': 2 },
        width: 3,
        fill: 1,
        known: [0, 1],
      },
      {
        ...plain,
        name: 'age',
        kind: 'numeric',
        codes: null,
        fill: 60,
        range: [40, 80],
        offset: 50,
        scale: 10,
      },
      { ...plain, name: 'ill', kind: 'binary', codes: { 0: 0, 1: 1 }, fill: 0 },
      { ...plain, name: 'sex', kind: 'binary', codes: { female: 0, male: 1 }, fill: 1 },
    ]);
  });
});

const release = {
  run: 'run-1',
  createdAt: '2024-01-01T00:00:00Z',
  codeVersion: '1',
  node: '1',
  licence: 'CC0-1.0',
};
const bundleOf = (id: string, modalities: Bundle['modalities']): Bundle => ({
  ...{ format: 'haf-pipeline bundle', schema: 1, method: { id, title: id } },
  outcome: {
    kind: 'binary',
    words: { positive: 'ill', negative: 'well' } as Bundle['outcome']['words'],
    horizons: [],
  },
  ...{ modalities, config: {}, folds: 1, cohort: { patients: 2, positive: 1 } },
  ...{ trained: { salt: '', hashes: [] }, worth: { metric: 'auc', subsets: [] } },
  ...{ results: {}, check: { predictions: 0, largestDifference: 0 } },
});

describe('bundle onnx', () => {
  it.each(['mdlm', 'ga_mean', 'ps3', 'bilinear', 'mfmf', 'ridge', 'cox_ridge'])(
    'refuses %s by name',
    async (id) => {
      const opened = { bundle: bundleOf(id, []), config: resolvedConfig(), folds: [], reference: {} };
      const error = await exportOnnx(opened, release).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'HAF_BUNDLE_UNFIT' });
      expect((error as Error).message).toContain(`method ${id} cannot`);
      expect((error as { fix?: string }).fix).toMatch(/mil-<bag>, .*all_mlp.*haf.*table-<table>/);
    },
  );

  it.each(['open', 'logits'])('refuses a modality of the name %s, which a tensor has', async (id) => {
    const bundle = bundleOf('haf', [{ id, kind: 'table', columns: [] }]);
    await expect(
      exportOnnx({ bundle, config: resolvedConfig(), folds: [], reference: {} }, release),
    ).rejects.toMatchObject({ code: 'HAF_BUNDLE_UNFIT' });
  });

  it('writes the same files from the same bundle', async () => {
    await useBackend('wasm');
    const { parts, modalities } = await scoredFold('all_mlp', {}, 1);
    const named = modalities.map((modality) =>
      modality.kind === 'bag'
        ? modality
        : {
            ...modality,
            columns: (parts.record.tables[modality.id]?.columns ?? []).map(({ name, kind }) => ({
              name,
              kind,
              range: null,
            })),
          },
    );
    const opened = {
      bundle: bundleOf('all_mlp', named),
      config: parts.config,
      folds: [{ record: { ...parts.record, unseen: [0] }, arrays: parts.arrays }],
      reference: {},
    };
    const files = await exportOnnx(opened, release);
    expect(Object.keys(files).sort()).toEqual(['README.md', 'example.py', 'fold-0.onnx', 'model.json']);
    expect(await exportOnnx(opened, release)).toEqual(files);
    const model = exportedModelSchema.parse(JSON.parse(new TextDecoder().decode(files['model.json'])));
    expect(model).toMatchObject({ run: 'run-1', licence: 'CC0-1.0', outcome: { positive: 'ill' } });
    expect(model.modalities.map(({ id }) => id)).toEqual(['WSI', 'TMA', 'Clin', 'Blood']);
  });
});
