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
 * The files of a bundle: a trained method that can be used on new patients. `bundle.json` describes it; `fold-<k>.json`
 * and `fold-<k>.safetensors` hold the model of a fold; `reference.safetensors` holds statistics of the training bags.
 * `haf-pipeline bundle` adds `release.json` and `model-card.md`, and puts all files into one sealed zip.
 */
export const bundleFile = 'bundle.json';
export const referenceFile = 'reference.safetensors';
export const releaseFile = 'release.json';
export const modelCardFile = 'model-card.md';
export const foldFile = (fold: number): string => `fold-${fold}.json`;
export const foldArraysFile = (fold: number): string => `fold-${fold}.safetensors`;

/** Version of the bundle format. A bundle of a later version is refused; all earlier versions are read. */
export const bundleSchemaVersion = 1;

const name = z.string().regex(modalityName);

/** The distribution of the known values of a column over the training patients. */
export const distributionSchema = z.union([
  /** For a column with an order: number of known values, their mean and population standard deviation. */
  z.strictObject({ known: z.number().int(), mean: z.number(), sd: z.number() }),
  /** For a nominal column: the fraction of each cell value among the known values, by ascending cell value. */
  z.strictObject({
    known: z.number().int(),
    shares: z.array(z.strictObject({ cell: z.number(), share: z.number() })),
  }),
]);
export type Distribution = z.infer<typeof distributionSchema>;

/** A column of a training table, with statistics of its cells. */
export const bundleColumnSchema = z.strictObject({
  ...typedColumnSchema.pick({ name: true, kind: true, categories: true }).shape,
  /** Smallest and largest value in the cohort. Null for a column without an order, or without values. */
  range: z.tuple([z.number(), z.number()]).nullable(),
  /** The distribution of the cells in the training cohort. Null for a column without values. Absent in bundles of earlier versions. */
  distribution: distributionSchema.nullable().exactOptional(),
});
export type BundleColumn = z.infer<typeof bundleColumnSchema>;

export const bundleModalitySchema = z.discriminatedUnion('kind', [
  z.strictObject({ id: name, kind: z.literal('table'), columns: z.array(bundleColumnSchema) }),
  z.strictObject({
    id: name,
    kind: z.literal('bag'),
    /** Number of values in one instance. */
    width: z.number().int().positive(),
    /**
     * Encoders that the bags of the training name, and in `mpp` the scales of their tiles in micrometres per pixel. A
     * list is empty if no bag states its values.
     */
    encoders: z.array(z.string()),
    mpp: z.array(z.number()),
    /** Number of instances in the smallest and in the largest bag of the training cohort. */
    rows: z.tuple([z.number().int(), z.number().int()]),
  }),
]);
export type BundleModality = z.infer<typeof bundleModalitySchema>;

/** How well the method performs on the test patients of the folds if it reads only the listed modalities. */
export const subsetSchema = z.strictObject({
  modalities: z.array(name),
  /** Mean and population standard deviation of AUC or C over the folds in which it is defined. */
  mean: z.number().nullable(),
  std: z.number().nullable(),
  folds: z.number().int(),
  /** Number of test patients of all folds that have all listed modalities. */
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
    /** Times in years for which survival is predicted. Only for time-to-event. */
    horizons: z.array(z.number()),
  }),
  /** The modalities that the method reads, in the order of its slots. */
  modalities: z.array(bundleModalitySchema),
  /** The experiment of the training, with all defaults filled in. */
  config: z.record(z.string(), z.unknown()),
  folds: z.number().int().positive(),
  cohort: z.strictObject({ patients: z.number().int(), positive: z.number().int() }),
  /**
   * The patients that the method was trained on, as salted SHA-256 hashes of their ids. The ids cannot be read from the
   * hashes, but anybody can test whether a given id is in the list.
   */
  trained: z.strictObject({ salt: z.string(), hashes: z.array(z.string()) }),
  worth: z.strictObject({ metric: z.enum(['auc', 'c']), subsets: z.array(subsetSchema) }),
  /** The row of the method in the result table of its run. */
  results: z.record(z.string(), z.unknown()),
  /**
   * How well the bundled models agree with the run: the number of compared predictions of test patients, and their
   * largest difference.
   */
  check: z.strictObject({ predictions: z.number().int(), largestDifference: z.number() }),
});
export type Bundle = z.infer<typeof bundleSchema>;

/** The form in which a bundle stores the id of a training patient. */
export const saltedHash = (salt: string, id: string): string => sha256(`${salt}/${id}`);

/** The content of `fold-<k>.json`: everything about the model of a fold except its arrays. */
export const bundleFoldSchema = z.strictObject({
  fold: z.number().int(),
  /** For each table, the parameters that preprocessing fitted on the training patients. */
  tables: z.record(name, fittedSchema),
  /**
   * Number of outputs of the method per patient. `encoderOutputs`: number of outputs of the bag classifier in each
   * encoder of the method.
   */
  outputs: z.number().int().positive(),
  encoderOutputs: z.number().int().positive().nullable(),
  /** Outputs for a patient without any modality of the method. */
  unseen: z.array(z.number()),
  /** Converts outputs to survival curves. Null for a binary outcome. */
  survival: survivalModelSchema.nullable(),
  /** The map from logit to calibrated probability, as `evaluate` fitted it. Null without calibration. */
  calibration: foldCalibrationSchema.pick({ map: true, threshold: true }).nullable(),
  /** The trained model of a classical method. Null if the method is a network. */
  classic: classicModelSchema.nullable(),
});
export type BundleFold = z.infer<typeof bundleFoldSchema>;

/** The content of `release.json`: when, by which version and from which run `haf-pipeline bundle` made the bundle. */
export const releaseSchema = z.strictObject({
  run: z.string(),
  createdAt: z.string(),
  codeVersion: z.string(),
  node: z.string(),
  /** Licence under which the model is published. Null if the author has not stated it. */
  licence: z.string().nullable(),
});
export type Release = z.infer<typeof releaseSchema>;
