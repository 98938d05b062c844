import { methodOf } from '../operators/methods/registry.js';
import { drawnTileFiles } from '../operators/tiling/tiles-data.js';
import { onnxKeys, ownOnnxKeys, tileKeys } from './image-keys.js';
import { alignmentKeys, jointKeys, outcomeKeys, sectionsOf, slotKeys, trainKeys } from './method-keys.js';
import { modelStages } from './model-stages.js';
import type { ConfigPath, JobClass, StageDefinition, StageName, Unit } from './stage.js';

/** The keys that say which patient the rows of a table belong to. */
const idKeys = ['data.layout', 'data.patients.id', 'data.patients.missing'] as const;

/** The keys that reading a table depends on. */
const tableKeys = ['file', 'sheet', 'id', 'delimiter', 'decimal', 'columns', 'others'] as const;

const define = (definition: StageDefinition): StageDefinition => definition;

/**
 * Every stage: what it reads, where it may run, and where its code is. To add a stage, add its name to `stageNames`,
 * a definition here, and its jobs to `graph.ts` (CONTRIBUTING.md).
 */
export const stages: Readonly<Record<StageName, StageDefinition>> = {
  tile: define({
    name: 'tile',
    // Version 4: OpenSlide opens cores in files that only OpenSlide reads. In version 3 such jobs failed.
    version: ({ tiling, reader }) => (tiling !== 'tissue' && reader !== undefined ? 4 : 3),
    class: 'cpu',
    reads: ({ tiling }) => (tiling === 'tissue' ? ['tissue', ...tileKeys] : ['core']),
    perFile: true,
    about: 'finds the tissue of a slide and lays the grid; tiles the cores of a patient',
    load: async () => (await import('../operators/tiling/tile.js')).tile,
  }),
  embed: define({
    name: 'embed',
    version: 3,
    class: ({ encoder }) => (encoder === 'onnx' ? 'gpu' : 'cpu'),
    reads: ({ modality = '', encoder, ownEncoder, tiling }) => [
      `data.modalities.${modality}.width`,
      'embed.precision',
      ...(encoder !== undefined && tiling === 'tissue' ? (['tile.damagedShare'] as const) : []),
      ...(encoder === undefined ? (['embed.onNonFinite', 'embed.limits'] as const) : []),
      ...(encoder === 'onnx' ? (ownEncoder ? ownOnnxKeys(modality) : onnxKeys) : []),
    ],
    opens: { tile: ['tiles.json', 'coords.i32'] },
    perFile: true,
    about: 'reads one feature file into bags, or encodes the tiles of an image',
    load: async () => (await import('../operators/encoders/embed.js')).embed,
  }),
  outcome: define({
    name: 'outcome',
    version: 1,
    class: 'cpu',
    reads: () => [
      ...idKeys,
      'data.outcome.file',
      'data.outcome.sheet',
      'data.outcome.kind',
      'data.outcome.event',
      'data.outcome.time',
    ],
    about: 'reads the patients, whether the event happened and when',
    load: async () => (await import('../operators/cohort/outcome.js')).outcome,
  }),
  tables: define({
    name: 'tables',
    version: 2,
    class: 'cpu',
    reads: ({ modality }) => [
      ...idKeys,
      // The columns of the outcome are not used as inputs, so the result depends on these two keys.
      'data.outcome.event',
      'data.outcome.time',
      ...tableKeys.map((key): ConfigPath => `data.modalities.${modality ?? ''}.${key}`),
    ],
    about: 'reads one table modality into numbers and categories',
    load: async () => (await import('../operators/cohort/tables.js')).tables,
  }),
  bags: define({
    name: 'bags',
    version: 2,
    class: 'cpu',
    reads: ({ modality = '' }) => [
      'data.layout',
      ...(['sources', 'patient'] as const).map((key) => `data.modalities.${modality}.${key}` as const),
    ],
    opens: { embed: ['bags.json'] },
    about: 'joins the slides or cores of each patient into one bag',
    load: async () => (await import('../operators/cohort/bags.js')).bags,
  }),
  cohort: define({
    name: 'cohort',
    version: 3,
    class: 'cpu',
    reads: () => ['cohort', 'data.outcome.kind'],
    opens: { bags: ['patient-bags.json'] },
    about: 'decides who belongs to the cohort, with which outcome',
    load: async () => (await import('../operators/cohort/cohort.js')).cohort,
  }),
  split: define({
    name: 'split',
    version: 1,
    class: 'cpu',
    reads: () => ['cv', 'data.layout', 'data.outcome.kind'],
    about: 'draws training, validation and test patients of every fold',
    load: async () => (await import('../operators/splits/split.js')).split,
  }),
  preprocess: define({
    name: 'preprocess',
    version: 3,
    class: 'cpu',
    reads: ({ modality }) => [
      'tabular',
      `data.modalities.${modality ?? ''}.scaler`,
      `data.modalities.${modality ?? ''}.select`,
    ],
    about: 'fits imputers and scalers on training patients, encodes one table',
    load: async () => (await import('../operators/preprocessing/preprocess.js')).preprocess,
  }),
  stage1: define({
    name: 'stage1',
    version: 1,
    class: 'gpu',
    reads: () => ['seed', 'bag', 'mil', 'train', 'align.width', ...outcomeKeys],
    opens: { embed: ['features.f32', 'features.f16'] },
    about: 'trains the gated-attention encoder of one bag modality',
    load: async () => (await import('../operators/stage1/stage1.js')).stage1,
  }),
  stage2: define({
    name: 'stage2',
    version: 1,
    class: 'gpu',
    reads: ({ alignment }) => [
      'seed',
      'modalities',
      'train',
      'tabular.transfer',
      ...outcomeKeys,
      ...alignmentKeys(alignment ?? 'svd'),
    ],
    about: 'aligns the modalities in one latent space',
    load: async () => (await import('../operators/stage2/stage2.js')).stage2,
  }),
  stage3: define({
    name: 'stage3',
    // Version 4: classical methods write their model. Version 5: `ridge` treats an absent table as no information, and
    // `stack` adds the logits of its regressions. Version 6: `stack` chooses its penalties by three divisions into
    // inner folds. Version 7: no weight of `stack` is below 0.
    version: ({ method }) => (methodOf(method ?? '').kind === 'classic' ? 7 : 3),
    class: ({ method }) => (methodOf(method ?? '').kind === 'classic' ? 'cpu' : 'gpu'),
    reads: ({ method }) => [
      'seed',
      ...slotKeys(method),
      ...trainKeys(method),
      ...outcomeKeys,
      ...sectionsOf(method),
    ],
    opens: { embed: ['features.f32', 'features.f16'] },
    about: 'trains the head of one method on frozen embeddings and scores validation and test patients',
    load: async () => (await import('../operators/stage3/stage3.js')).stage3,
  }),
  joint: define({
    name: 'joint',
    version: 2,
    class: 'gpu',
    reads: ({ method }) => ['seed', ...slotKeys(method), 'train', ...outcomeKeys, ...jointKeys(method)],
    opens: { embed: ['features.f32', 'features.f16'] },
    about: 'trains all stages of one method together, from bags to scores',
    load: async () => (await import('../operators/joint/joint.js')).joint,
  }),
  latent: define({
    name: 'latent',
    version: 2,
    class: 'cpu',
    reads: () => ['modalities'],
    opens: { stage2: ['u.safetensors', 'spectrum.json'] },
    about: 'maps the latent space of a fold before and after alignment, for figures',
    load: async () => (await import('../operators/latent/latent.js')).latent,
  }),
  heatmap: define({
    name: 'heatmap',
    // Version 2: writes GeoJSON for QuPath. Version 3: the title of the picture is worded differently.
    version: 3,
    class: 'cpu',
    reads: () => ['cv.mode'],
    opens: {
      stage1: ['attention.safetensors'],
      predict: ['scores.json', 'attention.safetensors'],
      embed: ['bags.json', 'coords.f32'],
      tile: drawnTileFiles,
    },
    about: 'draws the attention of Stage 1, for the test patients of a fold or for new patients',
    load: async () => (await import('../operators/heatmaps/heatmap.js')).heatmap,
  }),
  evaluate: define({
    name: 'evaluate',
    version: 6,
    class: 'cpu',
    // `data.outcome.event` holds the words for the two outcomes.
    reads: () => [
      'data.outcome.kind',
      'data.outcome.event',
      'calibration',
      'threshold',
      'survival.horizons',
      'survival.tau',
    ],
    about: 'computes the metrics of one fold and method, and calibrates it on validation patients',
    load: async () => (await import('../operators/evaluation/evaluate.js')).evaluate,
  }),
  aggregate: define({
    name: 'aggregate',
    version: 9,
    class: 'cpu',
    reads: () => [
      'methods',
      'modalities',
      'data',
      'clip.anchor',
      'cv',
      'schedule',
      'preset',
      'seed',
      'calibration',
      'threshold',
      'stats',
      'survival',
    ],
    opens: { tables: ['table.json', 'cells.f64'], bags: ['patient-bags.json'] },
    about: 'puts all folds into one table with its statistics',
    load: async () => (await import('../operators/evaluation/aggregate.js')).aggregate,
  }),
  report: define({
    name: 'report',
    version: 13,
    class: 'cpu',
    reads: () => [
      'name',
      'preset',
      'schedule',
      'seed',
      'modalities',
      'methods',
      'data',
      'cohort',
      'cv',
      'tabular',
      'tissue',
      'tile',
      'core',
      'embed',
      'bag',
      'mil',
      'align',
      'fusion',
      'single',
      'clip',
      'signed',
      'pool',
      'mdlm',
      'mfmf',
      'robustness',
      'calibration',
      'threshold',
      'stats',
      'survival',
      'detach',
      'train',
    ],
    // The weights, embeddings and latent vectors of these inputs are not listed, so that they are not fetched.
    opens: {
      tile: ['tiles.json', 'sheet.jpg'],
      embed: ['bags.json'],
      tables: ['table.json', 'cells.f64'],
      bags: ['patient-bags.json'],
      stage1: ['history.json'],
      stage2: ['history.json', 'spectrum.json'],
      stage3: ['history.json', 'predictions.json', 'survival.json', 'spectrum.json'],
    },
    about: 'writes report.html and its figures',
    load: async () => (await import('../operators/report/report.js')).report,
  }),
  ...modelStages,
};

/** Which workers may take a job of a stage. */
export function classOf({ stage, unit }: { readonly stage: StageName; readonly unit: Unit }): JobClass {
  const { class: of } = stages[stage];
  return typeof of === 'function' ? of(unit) : of;
}
