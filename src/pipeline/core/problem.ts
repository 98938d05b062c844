import { z } from 'zod';

/**
 * Something that was left out or looks wrong, with its reason. `problems.csv` of a run lists all of them. A patient,
 * slide or row that is left out without a problem is a bug.
 */
export const problemSchema = z.strictObject({
  severity: z
    .enum(['info', 'warning', 'failure'])
    .describe('failure: data is lost and the run ends with exit code 2'),
  stage: z.string(),
  patient: z.string().nullable(),
  file: z.string().nullable(),
  /** Where in the file the problem is, for example a row, a dataset or a column. */
  place: z.string().nullable(),
  reason: z.string(),
  fix: z.string(),
});
export type Problem = z.infer<typeof problemSchema>;
