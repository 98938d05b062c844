import { z } from 'zod';
import { cohortsSchema } from './cohorts-schema.js';
import { cohortSectionSchema, cvSchema } from './cohort-schema.js';
import { dataSchema } from './data-schema.js';
import { coreSchema, embedSchema, tileSchema, tissueSchema } from './image-schema.js';
import {
  clipSchema,
  mdlmSchema,
  mfmfSchema,
  poolSchema,
  robustnessSchema,
  signedSchema,
  singleSchema,
  statsSchema,
} from './method-schema.js';
import { calibrationKeySchema, thresholdSchema } from './calibration-schema.js';
import { survivalSchema } from './survival-schema.js';
import { alignSchema, bagSchema, fusionSchema, milSchema, trainSchema } from './training-schema.js';

const tabularSchema = z.strictObject({
  numericImpute: z
    .enum(['mostFrequent', 'mean'])
    .default('mostFrequent')
    .describe('Value that replaces a missing numeric cell (2.3).'),
  scaler: z
    .enum(['minmax', 'zscore'])
    .default('minmax')
    .describe('Scaling of numeric, ordinal and ICD columns (2.3).'),
  clip: z
    .boolean()
    .default(false)
    .describe('Clip scaled validation and test values to the training range (2.3).'),
  bound: z
    .number()
    .min(0)
    .nullable()
    .default(10)
    .describe(
      'Values outside of the training range are clipped to this many training ranges beyond it, so that no wrong cell decides a score. null sets no bound (2.3).',
    ),
  untrained: z
    .enum(['missing', 'used'])
    .default('missing')
    .describe(
      'Cells from which a fold learns nothing, namely categories that no training patient has and columns that are constant in training. missing: they count as missing. used: they are used with weights that were not trained. The layout hancock sets used (2.3).',
    ),
  absentRow: z
    .enum(['mask', 'impute'])
    .default('mask')
    .describe(
      'A patient without a row in a table: masked, or filled with the modes of the training patients (2.4).',
    ),
  transfer: z
    .enum(['none', 'frozenRandom'])
    .default('none')
    .describe(
      'Whether each table passes a linear map to align.width that is drawn at random and never trained, or no map (4.4).',
    ),
});

/**
 * The experiment file. This schema is the single source of defaults, `--set`, `config print`, `config schema` and
 * `init`. Every key carries its description; section numbers in it are those of docs/method.md.
 */
export const configSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, 'use lower-case letters, digits and hyphens')
    .describe('Name of the experiment; runs are called <name>-<hash of this configuration>.'),
  preset: z
    .enum(['paper', 'reference'])
    .default('paper')
    .describe(
      'Source of the keys that the experiment does not set: the paper, or what its reference implementation does (10).',
    ),
  schedule: z
    .enum(['staged', 'joint'])
    .default('staged')
    .describe(
      'staged: each stage is its own training job; joint: all stages of a method are trained together (7.1).',
    ),
  detach: z
    .boolean()
    .default(true)
    .describe('Stop gradients between the stages. false needs schedule joint (4.5).'),
  seed: z.number().int().default(5678).describe('Seed of every random stream of training.'),
  modalities: z
    .array(z.string())
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'Modalities that the experiment uses, in the order of their slots. null uses all modalities of data.modalities.',
    ),
  methods: z.array(z.string()).min(1).default(['haf']).describe('Rows of the result table (8).'),
  data: dataSchema.prefault({}).describe('The data of the cohort.'),
  cohorts: cohortsSchema.describe(
    'Cohorts in addition to the training cohort. Each cohort with the role external is predicted after the run and compared with its outcome (validate).',
  ),
  cohort: cohortSectionSchema.prefault({}).describe('Which patients belong to the cohort.'),
  cv: cvSchema.prefault({}).describe('Cross-validation.'),
  tabular: tabularSchema.prefault({}).describe('Preprocessing of the tables.'),
  tissue: tissueSchema.prefault({}).describe('How the tissue of a slide is found (CLAM).'),
  tile: tileSchema.prefault({}).describe('The grid of tiles of a slide.'),
  core: coreSchema.prefault({}).describe('Tiles of core images.'),
  embed: embedSchema.prefault({}).describe('Instances: read from feature files or encoded from tiles.'),
  bag: bagSchema.prefault({}).describe('Bags of instances.'),
  mil: milSchema.prefault({}).describe('Stage 1: gated-attention MIL.'),
  align: alignSchema.prefault({}).describe('Stage 2: projection and alignment.'),
  fusion: fusionSchema.prefault({}).describe('Stage 3: fusion with random modality drop.'),
  single: singleSchema.prefault({}).describe('Single-table networks (Table 2).'),
  clip: clipSchema.prefault({}).describe('CLIP alignment rows.'),
  signed: signedSchema.prefault({}).describe('Signed alignment (row haf_signed).'),
  pool: poolSchema.prefault({}).describe('Pooling rows.'),
  mdlm: mdlmSchema.prefault({}).describe('Late-fusion row MDLM.'),
  mfmf: mfmfSchema.prefault({}).describe('Cross-attention row MFMF.'),
  robustness: robustnessSchema.prefault({}).describe('Robustness: modalities removed from test patients.'),
  calibration: calibrationKeySchema,
  threshold: thresholdSchema,
  stats: statsSchema.prefault({}).describe('Significance of differences between methods.'),
  survival: survivalSchema
    .prefault({})
    .describe('Settings for data.outcome.kind timeToEvent: loss, bins, horizons.'),
  train: trainSchema.prefault({}).describe('Training protocol, the same for every stage and method.'),
});

/** A validated experiment with every default filled in. `modalities` lists the modalities that the experiment uses. */
export type Config = Omit<z.output<typeof configSchema>, 'modalities'> & { modalities: string[] };
/** An experiment as written by the user. */
export type ConfigInput = z.input<typeof configSchema>;
