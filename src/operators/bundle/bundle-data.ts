import { z } from 'zod';
import { sha256 } from '../../pipeline/core/canonical-json.js';
import { modalityName } from '../../pipeline/core/modality.js';
import { foldCalibrationSchema } from '../calibration/calibration-data.js';
import { classicModelSchema } from '../classic/model-data.js';
import { outcomeWordsSchema } from '../cohort/cohort-data.js';
import { fittedSchema } from '../preprocessing/vectors-data.js';
import { survivalModelSchema } from '../survival/survival-model.js';
import { typedColumnSchema } from '../tables/typed-column.js';

/**
 * The files of a bundle: a trained method that can be used on new patients. `bundle.json` says what it is of, `fold-<k>.json` and
 * `fold-<k>.safetensors` hold the model of a fold, `reference.safetensors` the training bags in numbers. The command adds
 * `release.json` and `model-card.md`, and seals all of them into one zip.
 */
export const bundleFile = 'bundle.json';
export const referenceFile = 'reference.safetensors';
export const releaseFile = 'release.json';
export const modelCardFile = 'model-card.md';
export const foldFile = (fold: number): string => `fold-${fold}.json`;
export const foldArraysFile = (fold: number): string => `fold-${fold}.safetensors`;

/** The layout of these files. A later one is refused, every earlier one is read. */
export const bundleSchemaVersion = 1;

const name = z.string().regex(modalityName);

/** How the known values of a column were spread over the training patients. */
export const distributionSchema = z.union([
  /** A column with an order: number of known values, their mean and population standard deviation. */
  z.strictObject({ known: z.number().int(), mean: z.number(), sd: z.number() }),
  /** A nominal column: the share of each value of a cell among the known values, by ascending cell. */
  z.strictObject({
    known: z.number().int(),
    shares: z.array(z.strictObject({ cell: z.number(), share: z.number() })),
  }),
]);
export type Distribution = z.infer<typeof distributionSchema>;

/** A column of a training table, and what its cells were. */
export const bundleColumnSchema = z.strictObject({
  ...typedColumnSchema.pick({ name: true, kind: true, categories: true }).shape,
  /** Smallest and largest value of the cohort; null for a column without an order, and without values. */
  range: z.tuple([z.number(), z.number()]).nullable(),
  /** Null for a column without values. Bundles of earlier versions do not have it. */
  distribution: distributionSchema.nullable().exactOptional(),
});
export type BundleColumn = z.infer<typeof bundleColumnSchema>;

export const bundleModalitySchema = z.discriminatedUnion('kind', [
  z.strictObject({ id: name, kind: z.literal('table'), columns: z.array(bundleColumnSchema) }),
  z.strictObject({
    id: name,
    kind: z.literal('bag'),
    /** Length of one instance. */
    width: z.number().int().positive(),
    /** Encoders that the files name, and the scales in micrometres per pixel; empty where no file says. */
    encoders: z.array(z.string()),
    mpp: z.array(z.number()),
    /** Instances of the smallest and the largest bag. */
    rows: z.tuple([z.number().int(), z.number().int()]),
  }),
]);
export type BundleModality = z.infer<typeof bundleModalitySchema>;

/** What the method is worth on test patients when it sees these modalities alone, over the folds. */
export const subsetSchema = z.strictObject({
  modalities: z.array(name),
  /** Mean and population standard deviation of AUC or C over the folds where it is defined. */
  mean: z.number().nullable(),
  std: z.number().nullable(),
  folds: z.number().int(),
  /** Test patients of all folds that have all of these modalities. */
  patients: z.number().int(),
});
export type SubsetWorth = z.infer<typeof subsetSchema>;

export const bundleSchema = z.strictObject({
  format: z.literal('haf-pipeline bundle'),
  schema: z.literal(bundleSchemaVersion),
  method: z.strictObject({ id: z.string(), title: z.string() }),
  outcome: z.strictObject({
    kind: z.enum(['binary', 'timeToEvent']),
    words: outcomeWordsSchema,
    /** Years at which survival is given; time-to-event alone. */
    horizons: z.array(z.number()),
  }),
  /** What the method reads, in the order of its slots. */
  modalities: z.array(bundleModalitySchema),
  /** The experiment, resolved. */
  config: z.record(z.string(), z.unknown()),
  folds: z.number().int().positive(),
  cohort: z.strictObject({ patients: z.number().int(), positive: z.number().int() }),
  /** Who it was trained on, as salted SHA-256 of the ids: a guess can be tested, a list cannot be read. */
  trained: z.strictObject({ salt: z.string(), hashes: z.array(z.string()) }),
  worth: z.strictObject({ metric: z.enum(['auc', 'c']), subsets: z.array(subsetSchema) }),
  /** The row of the method in the result table of its run. */
  results: z.record(z.string(), z.unknown()),
  /** How the bundled models agree with the run: largest difference of an output of a test patient. */
  check: z.strictObject({ predictions: z.number().int(), largestDifference: z.number() }),
});
export type Bundle = z.infer<typeof bundleSchema>;

/** How a bundle writes the id of a patient of its training. */
export const saltedHash = (salt: string, id: string): string => sha256(`${salt}/${id}`);

/** What a fold knows besides its arrays. */
export const bundleFoldSchema = z.strictObject({
  fold: z.number().int(),
  /** What was fitted on the training patients, for each table. */
  tables: z.record(name, fittedSchema),
  /** Outputs of the method per patient, and of the bag classifiers of its encoders. */
  outputs: z.number().int().positive(),
  encoderOutputs: z.number().int().positive().nullable(),
  /** Outputs for a patient of whom the method sees nothing. */
  unseen: z.array(z.number()),
  /** Turns outputs into survival curves; null for a binary outcome. */
  survival: survivalModelSchema.nullable(),
  /** How the logit becomes a calibrated probability, as `evaluate` fitted it; null without. */
  calibration: foldCalibrationSchema.pick({ map: true, threshold: true }).nullable(),
  /** A model that was fitted at once; null for networks. */
  classic: classicModelSchema.nullable(),
});
export type BundleFold = z.infer<typeof bundleFoldSchema>;

/** What the command adds: where and by what the bundle was made. */
export const releaseSchema = z.strictObject({
  run: z.string(),
  createdAt: z.string(),
  codeVersion: z.string(),
  node: z.string(),
  /** Licence under which the model is given on; null when the author has not said. */
  licence: z.string().nullable(),
});
export type Release = z.infer<typeof releaseSchema>;
