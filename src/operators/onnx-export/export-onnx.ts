import { HafError } from '../../pipeline/core/errors.js';
import type { Bundle, Release } from '../bundle/bundle-data.js';
import { replayDraws } from '../bundle/drawn-maps.js';
import type { OpenBundle } from '../bundle/open-bundle.js';
import type { Method } from '../methods/method.js';
import { methodOf } from '../methods/registry.js';
import { exportableNames, isExportable } from './exportable.js';
import { exportedFold } from './exported-fold.js';
import {
  exportedFoldFile,
  exportedModelFile,
  exportedModelVersion,
  type ExportedModel,
} from './exported-model-data.js';
import { foldGraph, logitsName, openName } from './fold-graph.js';
import { exampleFile, pythonExample } from './python-example.js';

const readmeFile = 'README.md';

/**
 * A bundle as files for other programs: an ONNX file for each fold, `model.json`, an example in Python and a README.
 *
 * @throws HafError HAF_BUNDLE_UNFIT for a method that has no ONNX form, and for a modality with the name of another input
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
  for (const { record, arrays } of folds)
    files[exportedFoldFile(record.fold)] = await foldGraph(
      { method, config, record, arrays, rng: replayDraws(arrays) },
      bundle.modalities,
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
    },
    modalities: bundle.modalities.map((modality) =>
      modality.kind === 'table'
        ? { id: modality.id, kind: 'table', imputed: config.tabular.absentRow === 'impute' }
        : {
            ...{ id: modality.id, kind: 'bag', width: modality.width },
            ...{ encoders: modality.encoders, mpp: modality.mpp },
          },
    ),
    folds: folds.map(({ record }) => exportedFold(record, bundle.modalities, bundle.outcome.horizons)),
  };
  return {
    ...files,
    [exportedModelFile]: text.encode(`${JSON.stringify(model, null, 1)}\n`),
    [exampleFile]: text.encode(pythonExample),
    [readmeFile]: text.encode(readmeOf(bundle, release)),
  };
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
  const taken = modalities.find(({ id }) => id === openName || id === logitsName);
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
    `Inputs: ${modalities.map(({ id, kind, ...of }) => (kind === 'bag' && 'width' in of ? `\`${id}\` [instances, ${of.width}]` : `\`${id}\` [1, d]`)).join(', ')} and \`open\` [1, ${modalities.length}], 1 for each modality that the patient has. Result: \`logits\`.`,
    '`model.json`: how a table row becomes an input, and how logits become probabilities or survival.',
    'Run: `pip install onnxruntime numpy`, then `python example.py patient.json`; it prints the mean over the folds and each of them.',
    'The example checks less than `haf-pipeline predict`: it flags nothing, and knows neither encoder nor scale of the instances.',
    '',
  ].join('\n');
