import { describe, expect, it } from 'vitest';
import type { Bundle } from '../../src/operators/bundle/bundle-data.js';
import { exportOnnx } from '../../src/operators/onnx-export/export-onnx.js';
import { exportedModelSchema } from '../../src/operators/onnx-export/exported-model-data.js';
import { useBackend } from '../support/numeric-backends.js';
import { resolvedConfig } from '../support/resolved-config.js';
import { scoredFold } from '../support/scored-fold.js';

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

  it.each(['open', 'logits', 'prediction'])(
    'refuses a modality of the name %s, which a tensor has',
    async (id) => {
      const bundle = bundleOf('haf', [{ id, kind: 'table', columns: [] }]);
      await expect(
        exportOnnx({ bundle, config: resolvedConfig(), folds: [], reference: {} }, release),
      ).rejects.toMatchObject({ code: 'HAF_BUNDLE_UNFIT' });
    },
  );

  it('writes the same files from the same bundle', async () => {
    await useBackend('wasm');
    const { parts, modalities } = await scoredFold('all_mlp', {}, 1);
    const named = modalities.map((modality) =>
      modality.kind === 'bag'
        ? modality
        : {
            ...modality,
            columns: modality.columns
              .map((column) =>
                column.kind === 'nominal' ? { ...column, categories: ['a', 'b', 'e\u0301'] } : column,
              )
              .concat({ name: 'in no fold', kind: 'numeric', range: null }),
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
    const example = new TextDecoder().decode(files['example.py']).split('\n');
    expect(example.filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(30);
    const model = exportedModelSchema.parse(JSON.parse(new TextDecoder().decode(files['model.json'])));
    expect(model).toMatchObject({ run: 'run-1', licence: 'CC0-1.0', outcome: { positive: 'ill' } });
    expect(model.modalities.map(({ id }) => id)).toEqual(['WSI', 'TMA', 'Clin', 'Blood']);
    expect(model.modalities[2]).toEqual({
      ...{ id: 'Clin', kind: 'table', imputed: false },
      columns: [
        { name: 'age', codes: null },
        { name: 'sex', codes: { '0': 0, '1': 1 } },
        { name: 'site', codes: { a: 0, b: 1, '\u00e9': 2 } },
        { name: 'grade', codes: null },
      ],
    });
  });
});
