import { z } from 'zod';
import { modalities } from '../core/modality.js';
import { cohortSectionSchema, cvSchema } from './cohort-schema.js';
import { coreSchema, embedSchema, tileSchema, tissueSchema } from './image-schema.js';
import {
  clipSchema,
  mdlmSchema,
  mfmfSchema,
  poolSchema,
  robustnessSchema,
  singleSchema,
  statsSchema,
} from './method-schema.js';
import { alignSchema, bagSchema, fusionSchema, milSchema, trainSchema } from './training-schema.js';
import { methodIds } from '../../operators/methods/registry.js';

/**
 * The experiment file. This schema is the single source of defaults, `--set`, `config print`, `config schema`
 * and `init`: every key carries its description (section numbers are those of docs/method.md).
 */
const dataSchema = z.strictObject({
  root: z
    .string()
    .nullable()
    .default(null)
    .describe('Folder of the cohort, relative to this file; --data overrides it.'),
  targets: z.string().default('targets.csv').describe('Outcome table; target.csv is accepted too (1.1).'),
  tables: z
    .strictObject({
      Clin: z.string().default('clinical.csv').describe('Clinical table (2.2).'),
      Path: z.string().default('pathological.csv').describe('Pathological table (2.2).'),
      Blood: z.string().default('blood.csv').describe('Blood table (2.2).'),
      ICD: z.string().default('icd_codes.csv').describe('Table of ICD-10 code counts (2.2).'),
      Cell: z.string().default('tma_cell_density.csv').describe('TMA cell-density table (2.2).'),
    })
    .prefault({})
    .describe('File of each clinical table.'),
  wsi: z
    .strictObject({
      files: z
        .string()
        .default('wsi/**/*.h5')
        .describe('Glob of feature files, one per slide: h5, pt, npy, npz or safetensors (2.7).'),
      slides: z
        .string()
        .nullable()
        .default(null)
        .describe('Glob of whole-slide images; when set, bags are made from them instead of data.wsi.files.'),
      slideTable: z
        .string()
        .nullable()
        .default(null)
        .describe(
          'CSV with columns file, mpp, keep_ids, exclude_ids: what the slides do not say themselves.',
        ),
      width: z.number().int().positive().default(1024).describe('Length of one instance; UNI gives 1024.'),
      sources: z
        .array(z.enum(['primary', 'lymph']))
        .min(1)
        .default(['primary', 'lymph'])
        .describe('Slides to use; a patient has WSI only with a primary slide (2.5).'),
    })
    .prefault({})
    .describe('Whole-slide features.'),
  tma: z
    .strictObject({
      files: z
        .string()
        .default('tma/*.{h5,npz}')
        .describe('Glob of feature files: one h5 per core or one npz per stain (2.7).'),
      images: z
        .string()
        .nullable()
        .default(null)
        .describe('Glob of core images (PNG); when set, bags are made from them instead of data.tma.files.'),
      width: z
        .number()
        .int()
        .positive()
        .default(1024)
        .describe('Length of one instance; longer npz vectors are several joined tiles.'),
    })
    .prefault({})
    .describe('Tissue-microarray features.'),
  splits: z
    .string()
    .nullable()
    .default(null)
    .describe(
      'Split file to use instead of drawing folds (1.4); for cv.mode fixedTest the official dataset_split_in.json.',
    ),
});

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
  absentRow: z
    .enum(['mask', 'impute'])
    .default('mask')
    .describe('A patient without a row: masked, or filled with training modes (2.4).'),
  transfer: z
    .enum(['none', 'frozenRandom'])
    .default('none')
    .describe('A linear map of each table to align.width that is drawn and never trained, or none (4.4).'),
});

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
    .array(z.enum(modalities))
    .min(1)
    .default([...modalities])
    .describe('Modalities the experiment uses.'),
  methods: z.array(z.enum(methodIds)).min(1).default(['haf']).describe('Rows of the result table (8).'),
  data: dataSchema.prefault({}).describe('Where the cohort lies.'),
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
  pool: poolSchema.prefault({}).describe('Pooling rows.'),
  mdlm: mdlmSchema.prefault({}).describe('Late-fusion row MDLM.'),
  mfmf: mfmfSchema.prefault({}).describe('Cross-attention row MFMF.'),
  robustness: robustnessSchema.prefault({}).describe('Modalities taken away from test patients.'),
  stats: statsSchema.prefault({}).describe('Significance of differences between methods.'),
  train: trainSchema.prefault({}).describe('Training protocol, the same for every stage and method.'),
});

/** A validated experiment with every default filled in. */
export type Config = z.output<typeof configSchema>;
/** An experiment as written by the user. */
export type ConfigInput = z.input<typeof configSchema>;
