import { z } from 'zod';

/** Sections of the experiment about patients: who belongs to the cohort, and its folds (docs/method.md 1). */
export const cohortSectionSchema = z.strictObject({
  label: z
    .enum(['overall', 'tumorSpecific', 'landmark'])
    .default('overall')
    .describe(
      'overall: every event counts; tumorSpecific (HANCOCK alone): drops "deceased not tumor specific"; landmark: status at cohort.landmarkYears (1.3).',
    ),
  event: z
    .enum(['overall', 'tumorSpecific', 'recurrence'])
    .default('overall')
    .describe(
      'HANCOCK with outcome kind timeToEvent: death; death of the tumour, others censored at death; recurrence or death (11.1).',
    ),
  landmarkYears: z
    .number()
    .positive()
    .default(5)
    .describe(
      'With label landmark, years of 365.25 days: the event by then, or followed as long; patients last seen without the event before are left out (1.3).',
    ),
  require: z
    .array(z.string())
    .default([])
    .describe(
      'A patient needs all of these modalities; [] keeps everyone with at least one. The layout hancock takes [WSI, TMA] (1.3).',
    ),
  includeSites: z
    .union([z.literal('all'), z.array(z.number().int().min(0))])
    .default('all')
    .describe(
      'HANCOCK alone: codes of primary_tumor_site to keep: 0 CUP, 1 hypopharynx, 2 larynx, 3 oral cavity, 4 oropharynx (1.3).',
    ),
});

export const cvSchema = z.strictObject({
  mode: z
    .enum(['kfold', 'fixedTest', 'groups'])
    .default('kfold')
    .describe(
      'kfold: every patient is tested once; fixedTest: the split file names the test patients, folds are drawn in the rest; groups: each value of cv.group is the test set of one fold (1.4).',
    ),
  group: z
    .string()
    .regex(/^[^.]+\..+$/, 'a column is written <table>.<column>')
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
    .describe('Number of folds; with mode groups the number of groups (1.4).'),
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
