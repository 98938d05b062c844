import { z } from 'zod';
import { modalityName } from '../core/modality.js';
import { ownEncoderSchema } from './image-schema.js';

/** Sections of the experiment about the user's files: who the patients are, the outcome, the modalities (docs/own-cohort.md). */
const text = z.string().min(1);
const oneOrMore = z.union([text, z.array(text).min(1)]);

/** Words that tables commonly use for a missing cell. Upper and lower case are treated alike. */
export const defaultMissing = [
  'NA',
  'N/A',
  'NaN',
  'null',
  '.',
  '-',
  '?',
  'unknown',
  'not available',
] as const;

export const patientsSchema = z.strictObject({
  id: oneOrMore
    .default('patient_id')
    .describe(
      'Column that holds the patient id. A list if files use different names for it. Ids are exact text.',
    ),
  missing: z
    .array(z.string())
    .default([...defaultMissing])
    .describe(
      'Words that mean a missing cell, in addition to the empty cell. Upper and lower case are treated alike.',
    ),
  allowUnmatched: z
    .boolean()
    .default(false)
    .describe(
      'Accept a table or bag modality even if less than half of its ids match the outcome table, and leave out files without a patient instead of refusing the run.',
    ),
});

/** A value of the outcome column in the experiment: text, or a number as the file writes it. */
const outcomeValue = z.union([z.string(), z.number(), z.boolean()]).transform(String);

export const timeUnits = ['days', 'weeks', 'months', 'years'] as const;
/** Number of days per unit. A month is a twelfth of a year of 365.25 days. */
export const daysPer: Readonly<Record<(typeof timeUnits)[number], number>> = {
  days: 1,
  weeks: 7,
  months: 30.4375,
  years: 365.25,
};
/** A maximum of 120 years of follow-up, in days. A longer time is a code for "unknown", or has another unit. */
export const longestFollowUp = 120 * daysPer.years;

export const outcomeSchema = z.strictObject({
  kind: z
    .enum(['binary', 'timeToEvent'])
    .default('binary')
    .describe(
      'binary: whether the event happened; timeToEvent: when it happened, with patients censored at the last contact (11).',
    ),
  file: text.default('targets.csv').describe('Table with the outcome, one row per patient (1.1).'),
  sheet: text.nullable().default(null).describe('Sheet of an .xlsx file that has several.'),
  event: z
    .strictObject({
      column: text.describe('Column that says whether the event happened.'),
      positive: z.array(outcomeValue).min(1).describe('Values of the column that mean the event, y = 1.'),
      negative: z
        .array(outcomeValue)
        .min(1)
        .describe('Values that mean no event, y = 0. Patients with any other value are left out and listed.'),
      words: z
        .strictObject({
          positive: text.describe('How reports call patients with the event.'),
          negative: text.describe('How reports call patients without the event.'),
        })
        .nullable()
        .default(null)
        .describe('Names of the two groups in every output. null uses the values of the column.'),
    })
    .nullable()
    .default(null)
    .describe('The binary outcome.'),
  time: z
    .strictObject({
      column: text.describe('Column of the time to the event or to the last contact.'),
      unit: z.enum(timeUnits).describe('Unit of the column.'),
    })
    .nullable()
    .default(null)
    .describe('Time of follow-up. null if there is none.'),
  allowPredictors: z
    .array(text)
    .default([])
    .describe(
      'Columns that may be used as predictors although they separate the outcome alone or have a similar name: [Clin.stage].',
    ),
});

const columnKinds = ['numeric', 'binary', 'nominal', 'ordinal', 'ignore'] as const;
const category = z.union([z.string(), z.number()]).transform(String);
export const columnDeclaration = z.union([
  z.enum([...columnKinds, 'infer']),
  z.strictObject({
    ordinal: z.array(category).min(2).describe('Categories of an ordinal column, lowest first.'),
  }),
  z.strictObject({ nominal: z.array(category).min(2).describe('Categories of a nominal column.') }),
]);
export type ColumnDeclaration = z.output<typeof columnDeclaration>;

const title = text.nullable().default(null).describe('How reports call the modality. null uses its name.');

export const tableDeclaration = z.strictObject({
  kind: z.literal('table').describe('One row per patient.'),
  title,
  file: oneOrMore.describe('CSV, TSV, .xlsx or .parquet; several files are joined by patient id.'),
  sheet: text.nullable().default(null).describe('Sheet of an .xlsx file that has several.'),
  id: text.nullable().default(null).describe('Id column of this table. null uses data.patients.id.'),
  delimiter: z
    .enum([',', ';', '\t', '|'])
    .nullable()
    .default(null)
    .describe('Separator of the cells. null detects it.'),
  decimal: z
    .enum(['.', ','])
    .nullable()
    .default(null)
    .describe('Decimal mark of the numbers. null detects it.'),
  columns: z
    .record(text, columnDeclaration)
    .default({})
    .describe('Kinds of columns: numeric, binary, nominal, ordinal with its list in order, ignore.'),
  others: z
    .enum(['infer', 'numeric', 'nominal', 'ignore'])
    .default('infer')
    .describe(
      'Kind of the columns that are not listed. infer decides by the values and writes its choice to columns.csv.',
    ),
  scaler: z
    .enum(['minmax', 'zscore'])
    .nullable()
    .default(null)
    .describe('Scaling of this table. null uses tabular.scaler.'),
  select: z
    .strictObject({
      topVariance: z
        .number()
        .int()
        .positive()
        .describe('Number of columns to keep: those that vary most over the training patients of the fold.'),
    })
    .nullable()
    .default(null)
    .describe('Selection of columns, fitted on the training patients of each fold. null keeps all columns.'),
});

const patientRule = z.union([
  z.literal('hancock'),
  z.strictObject({
    pattern: text.describe(
      'Regular expression over the file name without folder and ending, with a group (?<patient>...).',
    ),
  }),
  z.strictObject({
    table: text.describe('Table that says which file belongs to which patient.'),
    file: text.describe('Its column of file names. They may be with or without folder and ending.'),
    id: text.nullable().default(null).describe('Its id column. null uses data.patients.id.'),
  }),
]);
export type PatientRule = z.output<typeof patientRule>;

export const bagDeclaration = z.strictObject({
  kind: z.literal('bag').describe('Many instances per patient: tiles of slides, cores, cells.'),
  title,
  files: text
    .nullable()
    .default(null)
    .describe('Glob of feature files: h5, pt, npy, npz or safetensors (2.7).'),
  slides: text
    .nullable()
    .default(null)
    .describe('Glob of whole-slide images to compute the bags from, in place of files.'),
  images: text
    .nullable()
    .default(null)
    .describe('Glob of core images (PNG) to compute the bags from, in place of files.'),
  slideTable: text
    .nullable()
    .default(null)
    .describe('Table with columns file, mpp, keep_ids, exclude_ids: what the slides do not say themselves.'),
  cores: z
    .strictObject({
      table: text.describe(
        'Table of the cores, or a glob: an export of QuPath, or columns core, x, y, diameter and patient.',
      ),
      unit: z
        .enum(['px', 'um'])
        .nullable()
        .default(null)
        .describe('Unit of columns whose names do not state it. Names such as x_px and x_um do.'),
      diameterMm: z
        .number()
        .positive()
        .max(10)
        .nullable()
        .default(null)
        .describe('Diameter of the cores in millimetres, for a table without a diameter column.'),
    })
    .nullable()
    .default(null)
    .describe('The images are whole TMA slides, and a table says where the cores lie (docs/slides.md).'),
  // This key has no default. So the `data` section of an experiment without the key stays as it was before this key
  // existed, and the artifacts that depend on all of `data` keep their ids.
  encoder: ownEncoderSchema
    .exactOptional()
    .describe(
      'Images: the encoder of this modality, in place of embed.encoder. Modalities over the same images share their tiles (docs/encoders.md).',
    ),
  width: z.number().int().positive().default(1024).describe('Length of one instance; UNI gives 1024.'),
  patient: patientRule
    .nullable()
    .default(null)
    .describe(
      'How files are assigned to patients: a pattern, or a table with a column of file names. null uses the whole file name as the id.',
    ),
  tiling: z
    .enum(['tissue', 'grid'])
    .nullable()
    .default(null)
    .describe(
      'Images: find the tissue first, or tile the whole image. null means tissue for slides and grid for images.',
    ),
  group: z
    .enum(['file', 'patient'])
    .nullable()
    .default(null)
    .describe('Images: one job per file or per patient. null means file for slides and patient for images.'),
  sources: z
    .array(z.enum(['primary', 'lymph']))
    .min(1)
    .nullable()
    .default(null)
    .describe('HANCOCK: slides to use. A patient has WSI only with a primary slide (2.5).'),
});

export const modalityDeclaration = z.discriminatedUnion('kind', [tableDeclaration, bagDeclaration]);
export type ModalityDeclaration = z.output<typeof modalityDeclaration>;
export type TableDeclaration = z.output<typeof tableDeclaration>;
export type BagDeclaration = z.output<typeof bagDeclaration>;

export const dataSchema = z.strictObject({
  root: z
    .string()
    .nullable()
    .default(null)
    .describe('Folder of the cohort, relative to this file. --data overrides it.'),
  layout: z
    .enum(['own', 'hancock'])
    .default('hancock')
    .describe(
      'hancock declares the seven modalities, ids and outcome of HANCOCK. own leaves all declarations to this file.',
    ),
  patients: patientsSchema.prefault({}).describe('How tables say which patient a row belongs to.'),
  outcome: outcomeSchema.prefault({}).describe('The outcome of each patient.'),
  modalities: z
    .record(
      z.string().regex(modalityName, 'the name of a modality is a letter, then letters, digits, "_" or "-"'),
      modalityDeclaration,
    )
    .default({})
    .describe('The modalities of the cohort. Each is a table or a bag.'),
  splits: z
    .string()
    .nullable()
    .default(null)
    .describe(
      'Split file to use instead of drawing folds (1.4). For cv.mode fixedTest: the official dataset_split_in.json.',
    ),
});
