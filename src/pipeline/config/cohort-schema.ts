import { z } from 'zod';

/** Sections of the experiment about patients: who belongs to the cohort, and its folds (docs/method.md 1). */
export const cohortSectionSchema = z.strictObject({
  label: z
    .enum(['overall', 'tumorSpecific', 'landmark'])
    .default('overall')
    .describe(
      'overall: every event counts; tumorSpecific (HANCOCK only): leaves out "deceased not tumor specific"; landmark: status at cohort.landmarkYears (1.3).',
    ),
  event: z
    .enum(['overall', 'tumorSpecific', 'recurrence'])
    .default('overall')
    .describe(
      'HANCOCK with outcome kind timeToEvent. overall: death from any cause; tumorSpecific: death from the tumour, with other deaths censored; recurrence: recurrence or death (11.1).',
    ),
  landmarkYears: z
    .number()
    .positive()
    .default(5)
    .describe(
      'With label landmark, in years of 365.25 days. Positive: event by then. Negative: followed for this long. Patients last seen earlier without the event are left out (1.3).',
    ),
  require: z
    .array(z.string())
    .default([])
    .describe(
      'A patient needs all of these modalities. [] keeps every patient with at least one modality. The layout hancock sets [WSI, TMA] (1.3).',
    ),
  includeSites: z
    .union([z.literal('all'), z.array(z.number().int().min(0))])
    .default('all')
    .describe(
      'HANCOCK only: codes of primary_tumor_site to keep: 0 CUP, 1 hypopharynx, 2 larynx, 3 oral cavity, 4 oropharynx (1.3).',
    ),
});

export const cvSchema = z.strictObject({
  mode: z
    .enum(['kfold', 'fixedTest', 'groups'])
    .default('kfold')
    .describe(
      'kfold: every patient is tested once; fixedTest: the split file names the test patients, folds are drawn among the others; groups: each value of cv.group is the test set of one fold (1.4).',
    ),
  group: z
    .string()
    .regex(/^[^.]+\..+$/, 'write a column as <table>.<column>')
    .nullable()
    .default(null)
    .describe(
      'With mode groups: the column of a declared table, <table>.<column>, or outcome.<column> of the outcome table (1.4).',
    ),
  folds: z
    .number()
    .int()
    .min(2)
    .default(10)
    .describe('Number of folds. With mode groups: the number of groups (1.4).'),
  validation: z
    .enum(['own', 'halfOfTest'])
    .default('own')
    .describe(
      'own: one ninth of the patients that are not tested is the validation set; halfOfTest: one half of the held-out patients is the validation set, the other half the test set (1.4).',
    ),
  repeats: z
    .number()
    .int()
    .positive()
    .default(1)
    .describe(
      'Number of times that the whole cross-validation is repeated, with other folds and other random streams (1.4).',
    ),
  seed: z
    .number()
    .int()
    .default(5678)
    .describe('Seed of the split. It is separate from the seed of training (1.4).'),
});
