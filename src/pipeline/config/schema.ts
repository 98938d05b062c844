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
    .describe('Fill for a missing numeric cell (2.3).'),
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
      'Values outside of the training range count as at most this many training ranges outside, so that no wrong cell decides a score; null is no bound (2.3).',
    ),
  untrained: z
    .enum(['missing', 'used'])
    .default('missing')
    .describe(
      'Cells of which a fold learns nothing, namely categories that no training patient has and columns that are constant in training: they count as missing, or meet untrained weights. The layout hancock takes used (2.3).',
    ),
  absentRow: z
    .enum(['mask', 'impute'])
    .default('mask')
    .describe('A patient without a row: masked, or filled with training modes (2.4).'),
  transfer: z
    .enum(['none', 'frozenRandom'])
    .default('none')
    .describe('A linear map of each table to align.width that is drawn and never trained, or none (4.4).'),
});

/**
 * The experiment file. This schema is the single source of defaults, `--set`, `config print`, `config schema`
 * and `init`: every key carries its description (section numbers are those of docs/method.md).
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
      'Where keys come from that the experiment does not set: the paper, or what its reference implementation does (10).',
    ),
  schedule: z
    .enum(['staged', 'joint'])
    .default('staged')
    .describe('Each stage is its own training job, or all stages of a method are trained together (7.1).'),
  detach: z
    .boolean()
    .default(true)
    .describe('Stop gradients between the stages; false needs schedule joint (4.5).'),
  seed: z.number().int().default(5678).describe('Root of every random stream of training.'),
  modalities: z
    .array(z.string())
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'Modalities the experiment uses, in the order of their slots; null takes all that data.modalities declares.',
    ),
  methods: z.array(z.string()).min(1).default(['haf']).describe('Rows of the result table (8).'),
  data: dataSchema.prefault({}).describe('Where the cohort lies.'),
  cohorts: cohortsSchema.describe(
    'Cohorts beside the one that is trained on: each of role external is predicted and compared with its outcome after the run (validate).',
  ),
  cohort: cohortSectionSchema.prefault({}).describe('Who belongs to the cohort.'),
  cv: cvSchema.prefault({}).describe('Cross-validation.'),
  tabular: tabularSchema.prefault({}).describe('Preprocessing of the tables.'),
  tissue: tissueSchema.prefault({}).describe('Where the tissue of a slide is (CLAM).'),
  tile: tileSchema.prefault({}).describe('The grid of a slide.'),
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
  robustness: robustnessSchema.prefault({}).describe('Modalities taken away from test patients.'),
  calibration: calibrationKeySchema,
  threshold: thresholdSchema,
  stats: statsSchema.prefault({}).describe('Significance of differences between methods.'),
  survival: survivalSchema
    .prefault({})
    .describe('Time-to-event: loss, bins, horizons; with data.outcome.kind timeToEvent.'),
  train: trainSchema.prefault({}).describe('Training protocol, the same for every stage and method.'),
});

/** A validated experiment with every default filled in; `modalities` lists those that are used. */
export type Config = Omit<z.output<typeof configSchema>, 'modalities'> & { modalities: string[] };
/** An experiment as written by the user. */
export type ConfigInput = z.input<typeof configSchema>;
