import { z } from 'zod';

const trainSchema = z.strictObject({
  role: z
    .literal('train')
    .describe('The cohort of this file. The entry only informs readers and may be left out.'),
});

const externalSchema = z.strictObject({
  role: z.literal('external').describe('A cohort that is not used for training.'),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, 'use lower-case letters, digits and hyphens')
    .describe('Name of its folder of results in the run directory, external/<name>.'),
  file: z
    .string()
    .min(1)
    .describe('Its cohort file, with its outcome; a path is relative to the experiment file.'),
  data: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'Its data folder. null uses data.root of its cohort file. A path is relative to the experiment file.',
    ),
  methods: z
    .array(z.string())
    .default([])
    .describe('Methods that are validated on it. If none is given: the recommended method.'),
  by: z.array(z.string()).default([]).describe('Columns by which its patients are grouped.'),
});
export type ExternalCohort = z.infer<typeof externalSchema>;

export const cohortsSchema = z.array(z.discriminatedUnion('role', [trainSchema, externalSchema])).default([]);
