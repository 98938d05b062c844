import { z } from 'zod';

/**
 * One thing that was left out or looks wrong, with its reason. `problems.csv` of a run lists them all:
 * a patient, slide or row that vanished without one is a bug.
 */
export const problemSchema = z.strictObject({
  severity: z
    .enum(['info', 'warning', 'failure'])
    .describe('failure: data is lost and the run ends with exit code 2'),
  stage: z.string(),
  patient: z.string().nullable(),
  file: z.string().nullable(),
  /** Row, dataset or column inside the file. */
  place: z.string().nullable(),
  reason: z.string(),
  fix: z.string(),
});
export type Problem = z.infer<typeof problemSchema>;
