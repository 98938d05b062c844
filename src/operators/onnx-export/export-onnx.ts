import { HafError } from '../../pipeline/core/errors.js';
import type { Bundle, BundleColumn, BundleModality, Release } from '../bundle/bundle-data.js';
import { replayDraws } from '../bundle/drawn-maps.js';
import type { OpenBundle } from '../bundle/open-bundle.js';
import type { Method } from '../methods/method.js';
import { methodOf } from '../methods/registry.js';
import { exportableNames, isExportable } from './exportable.js';
import {
  exportedFoldFile,
  exportedModelFile,
  exportedModelVersion,
  type ExportedColumn,
  type ExportedModel,
} from './exported-model-data.js';
import { foldGraph, logitsName, openName, predictionName } from './fold-graph.js';
import { exampleFile, pythonExample } from './python-example.js';

const readmeFile = 'README.md';

/**
 * Exports a bundle for other programs: an ONNX file per fold, `model.json`, an example in Python and a README.
 *
 * @throws HafError HAF_BUNDLE_UNFIT for a method that cannot be exported to ONNX, and for a modality whose name equals
 * the name of another input of the ONNX file
 */
export async function exportOnnx(
  { bundle, config, folds }: OpenBundle,
  release: Release,
): Promise<Readonly<Record<string, Uint8Array>>> {
  const method = methodOf(bundle.method.id);
  assertExportable(method);
  assertNames(bundle);
  const text = new TextEncoder();
  const files: Record<string, Uint8Array> = {};
  const modalities = bundle.modalities.map((modality) => exportedModality(modality, { config, folds }));
  const columns = Object.fromEntries(
    modalities.flatMap((one) =>
      one.kind === 'table' ? [[one.id, one.columns.map(({ name }) => name)]] : [],
    ),
  );
  for (const { record, arrays } of folds)
    files[exportedFoldFile(record.fold)] = await foldGraph(
      { method, config, record, arrays, rng: replayDraws(arrays) },
      bundle.modalities,
      columns,
      bundle.outcome.horizons,
    );
  const model: ExportedModel = {
    format: 'haf-pipeline onnx',
    schema: exportedModelVersion,
    method: bundle.method,
    ...{ run: release.run, licence: release.licence },
    outcome: {
      kind: bundle.outcome.kind,
      positive: bundle.outcome.words.positive,
      negative: bundle.outcome.words.negative,
      horizons: [...bundle.outcome.horizons],
    },
    modalities,
    folds: folds.map(({ record: { fold, survival, calibration } }) => ({
      file: exportedFoldFile(fold),
      threshold: survival === null ? (calibration?.threshold ?? null) : null,
      survival,
    })),
  };
  return {
    ...files,
    [exportedModelFile]: text.encode(`${JSON.stringify(model, null, 1)}\n`),
    [exampleFile]: text.encode(pythonExample),
    [readmeFile]: text.encode(readmeOf(bundle, release)),
  };
}

/** The description of a modality in `model.json`. A table is described by the columns that at least one fold uses. */
function exportedModality(
  modality: BundleModality,
  { config, folds }: Pick<OpenBundle, 'config' | 'folds'>,
): ExportedModel['modalities'][number] {
  const { id } = modality;
  if (modality.kind === 'bag') {
    const { kind, width, encoders, mpp } = modality;
    return { id, kind, width, encoders, mpp };
  }
  const read = new Set(
    folds.flatMap(({ record }) => record.tables[id]?.columns.map(({ name }) => name) ?? []),
  );
  return {
    ...{ id, kind: modality.kind, imputed: config.tabular.absentRow === 'impute' },
    columns: modality.columns
      .filter(({ name }) => read.has(name))
      .map(({ name, kind, categories }) => ({ name, codes: codesOf(kind, categories) })),
  };
}

/**
 * The number that encodes each word of a column, by the same rules as in `predict`: words are compared in NFC, and a
 * binary column without words has only the values 0 and 1. Null for a column of numbers.
 */
function codesOf(
  kind: BundleColumn['kind'],
  categories: readonly string[] | undefined,
): ExportedColumn['codes'] {
  if (categories !== undefined)
    return Object.fromEntries(categories.map((word, code) => [word.normalize('NFC'), code]));
  return kind === 'binary' ? { '0': 0, '1': 1 } : null;
}

function assertExportable(method: Method): void {
  if (isExportable(method)) return;
  throw new HafError(
    'HAF_BUNDLE_UNFIT',
    `The method ${method.id} cannot be written as ONNX: it has no fusion network and is no encoder of bags.`,
    `Use "haf-pipeline predict" with this bundle, or bundle one of these methods: ${exportableNames().join(', ')}.`,
    { context: { method: method.id } },
  );
}

function assertNames({ modalities }: Bundle): void {
  const names = [openName, logitsName, predictionName];
  const taken = modalities.find(({ id }) => names.includes(id));
  if (taken === undefined) return;
  throw new HafError(
    'HAF_BUNDLE_UNFIT',
    `The modality ${taken.id} cannot be written as ONNX: the files have another tensor of that name.`,
    'Train with another name of the modality.',
    { context: { modality: taken.id } },
  );
}

const readmeOf = ({ method, folds, modalities }: Bundle, { run, licence }: Release): string =>
  [
    `# ${method.title} as ONNX`,
    '',
    `\`fold-<k>.onnx\`: the ${folds} models of the run ${run}. Licence: ${licence ?? 'not stated'}. Not for diagnosis or treatment.`,
    `Inputs: ${modalities.map(({ id, kind, ...of }) => (kind === 'bag' && 'width' in of ? `\`${id}\` [instances, ${of.width}]` : `\`${id}\` [1, columns] in float64, NaN where a value is missing`)).join(', ')} and \`open\` [1, ${modalities.length}], 1 for each modality that the patient has. Results: \`prediction\`, the calibrated probability or the survival at each horizon, and \`logits\`.`,
    '`model.json`: the columns of each table, the number of each word, and the threshold of each fold.',
    'Run: `pip install onnxruntime numpy`, then `python example.py patient.json`; it prints the mean over the folds and each of them.',
    'The example checks less than `haf-pipeline predict`: it flags nothing, and knows neither encoder nor scale of the instances.',
    '',
  ].join('\n');
