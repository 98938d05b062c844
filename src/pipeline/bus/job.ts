import { z } from 'zod';
import { sha256 } from '../core/canonical-json.js';
import { stageNames, unitSchema } from '../stage.js';

export const jobClasses = ['cpu', 'gpu'] as const;

const hex = z.string().regex(/^[0-9a-f]{64}$/);

/** A file of the user's a job reads, by content; `path` is where the planning machine found it. */
const sourceSchema = z.object({ role: z.string(), name: z.string(), path: z.string(), sha256: hex });

/**
 * One piece of work as it travels to a worker: names and hashes only, never data and never code. What the job
 * computes from - config keys, input artifacts - is its recipe, which lies in the store under the artifact's own
 * id (docs/architecture.md, "Recipe and artifact id"): however many inputs a job has, its message stays small.
 */
export const jobSchema = z.object({
  v: z.literal(1),
  run: z.string().min(1),
  key: z.string(),
  /** Id of the artifact to make; equal jobs of two runs have equal ids. */
  artifact: hex,
  stage: z.enum(stageNames),
  unit: unitSchema,
  class: z.enum(jobClasses),
  sources: z.array(sourceSchema),
  /** A forced replay: the new result takes the place of the earlier one. */
  replace: z.boolean(),
  /** Where its inputs are and its result belongs: a folder or an s3:// address. */
  store: z.string(),
  /** Version of haf-pipeline that planned it. */
  codeVersion: z.string(),
});
export type Job = z.infer<typeof jobSchema>;

/** Key of the work item: one per artifact and store, whatever the number of runs that want it. */
export const workItemKey = ({ artifact, store }: Pick<Job, 'artifact' | 'store'>): string =>
  `${artifact}.${sha256(store).slice(0, 16)}`;
