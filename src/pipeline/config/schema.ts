import { z } from 'zod';
import { modalities } from '../core/modality.js';
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
import { methodIds } from '../../operators/methods/registry.js';

/**
 * The experiment file. This schema is the single source of defaults, `--set`, `config print`, `config schema`
 * and `init`: every key carries its description (section numbers are those of docs/method.md).
 */
const activation = z.enum(['relu', 'none']);
const positive = z.number().positive();
const share = z.number().min(0).lt(1);

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

const cohortSchema = z.strictObject({
  label: z
    .enum(['overall', 'tumorSpecific', 'landmark'])
    .default('overall')
    .describe(
      'overall: every death counts; tumorSpecific: drops "deceased not tumor specific"; landmark: status at cohort.landmarkYears (1.3).',
    ),
  landmarkYears: z
    .number()
    .positive()
    .default(5)
    .describe(
      'With label landmark: deceased by then or alive then; patients censored earlier are left out (1.3).',
    ),
  require: z
    .array(z.enum(modalities))
    .default(['WSI', 'TMA'])
    .describe('A patient needs all of these; [] keeps everyone with at least one modality (1.3).'),
  includeSites: z
    .union([z.literal('all'), z.array(z.number().int().min(0))])
    .default('all')
    .describe(
      'Codes of primary_tumor_site to keep: 0 CUP, 1 hypopharynx, 2 larynx, 3 oral cavity, 4 oropharynx (1.3).',
    ),
});

const cvSchema = z.strictObject({
  mode: z
    .enum(['kfold', 'fixedTest'])
    .default('kfold')
    .describe(
      'kfold: every patient is tested once; fixedTest: the split file names the test patients, folds are drawn in the rest (1.4).',
    ),
  folds: z.number().int().min(2).default(10).describe('Number of folds (1.4).'),
  validation: z
    .enum(['own', 'halfOfTest'])
    .default('own')
    .describe(
      'own: a ninth of those who are not tested validates; halfOfTest: half of the held-out patients, the rest tests (1.4).',
    ),
  repeats: z
    .number()
    .int()
    .positive()
    .default(1)
    .describe('Repetitions of the whole cross-validation with other folds and other random streams (1.4).'),
  seed: z.number().int().default(5678).describe('Seed of the split, apart from the seed of training (1.4).'),
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

const bagSchema = z.strictObject({
  maxInstances: z
    .number()
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('Seeded subsample of larger bags, training only (2.5).'),
});

const milSchema = z.strictObject({
  hidden: z.number().int().positive().default(64).describe('d1, width of the modality embedding z (4.1).'),
  attention: z.number().int().positive().default(32).describe('d2, width of the gated attention (4.1).'),
  activation: activation.default('relu').describe('After the input map; eq. 1 prints none (4.1).'),
  dropout: share.default(0.25).describe('p, dropout of the instance embedding (4.1).'),
  attentionDropout: share.default(0.25).describe('q, dropout of both gates (4.1).'),
  wBag: z.number().min(0).default(1).describe('Weight of the bag loss (4.2).'),
  wInst: z.number().min(0).default(1).describe('Weight of the instance loss (4.2).'),
  k: z.number().int().positive().default(8).describe('Instances ranked highest and lowest per bag (4.2).'),
  subtyping: z.boolean().default(true).describe('Also train the head of the other class (4.2).'),
  heads: z
    .enum(['both', 'deceased'])
    .default('both')
    .describe('Instance heads: one per class, or that of the deceased alone (4.2).'),
  transfer: z
    .enum(['none', 'linear'])
    .default('none')
    .describe('A linear map of z to align.width before the bag classifier (4.1).'),
  wInstAgain: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'Weight with which rows with alignment or drop add the instance loss once more; schedule joint only (4.2).',
    ),
});

const alignSchema = z.strictObject({
  hidden: z.number().int().positive().default(128).describe('Hidden width of phi (5.1).'),
  width: z.number().int().positive().default(128).describe('D, width of the shared latent space (5.1).'),
  activation: activation.default('relu').describe('Inside phi (5.1).'),
  tauSv: positive.default(1).describe('Temperature of the singular-value loss (5.2).'),
  tauPd: positive.default(1).describe('Temperature of the patient-discrimination loss (5.2).'),
  lambdaPD: z.number().min(0).default(0.01).describe('Weight of the patient-discrimination loss (5.2).'),
  weight: z.number().min(0).default(1).describe('Factor on the alignment loss (5.2).'),
  normalize: z.boolean().default(true).describe('Unit-length columns before the SVD (5.2).'),
  monitor: z
    .enum(['valAuc', 'valLoss'])
    .default('valAuc')
    .describe(
      'What stops Stage 2: the validation AUC of a probe fusion head beside phi, or the alignment loss (7.1).',
    ),
  sign: z
    .enum(['sum', 'invariant', 'none'])
    .default('sum')
    .describe('Sign rule of the leading left singular vector (5.4).'),
});

const fusionSchema = z.strictObject({
  projection: z
    .number()
    .int()
    .positive()
    .default(128)
    .describe('Width of the linear map P per modality of rows without alignment (8).'),
  hidden: z.number().int().positive().default(64).describe('Hidden width of the fusion network (6.1).'),
  activation: activation.default('relu').describe('Inside the fusion network (6.1).'),
  logits: z
    .union([z.literal(1), z.literal(2)])
    .default(1)
    .describe('One logit with binary cross-entropy, or two with softmax (6.1).'),
  dropout: share.default(0).describe('Dropout of the fusion hidden layer (6.1).'),
  lambdaMoFe: z.number().min(0).default(0.1).describe('Weight of the monotonic hinge (6.3).'),
  mofeStopGradReduced: z
    .boolean()
    .default(false)
    .describe('Treat the reduced loss as constant inside the hinge (6.3).'),
});

const trainSchema = z.strictObject({
  epochs: z.number().int().positive().default(200).describe('Most epochs of a training job (7).'),
  batch: z.number().int().positive().default(64).describe('B, patients per optimisation step (7).'),
  lr: positive.default(1e-4).describe('Learning rate of Adam (7).'),
  weightDecay: z.number().min(0).default(1e-5).describe('L2 added to the gradient before the moments (7).'),
  patience: z
    .number()
    .int()
    .positive()
    .default(25)
    .describe('Epochs without improvement before stopping (7).'),
  plateauPatience: z
    .number()
    .int()
    .min(0)
    .default(15)
    .describe('Epochs of flat validation loss before the learning rate drops (7).'),
  plateauFactor: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.5)
    .describe('What the learning rate is multiplied with then (7).'),
});

export const configSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, 'use lower-case letters, digits and hyphens')
    .describe('Name of the experiment; runs are called <name>-<hash of this configuration>.'),
  preset: z
    .enum(['paper', 'reference'])
    .default('paper')
    .describe('Set of defaults: the paper, or what its reference implementation does (10).'),
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
  cohort: cohortSchema.prefault({}).describe('Who belongs to the cohort.'),
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
