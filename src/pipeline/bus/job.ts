import { z } from 'zod';
import { sha256 } from '../core/canonical-json.js';
import { stageNames, unitSchema } from '../stage.js';

export const jobClasses = ['cpu', 'gpu'] as const;

const hex = z.string().regex(/^[0-9a-f]{64}$/);

/** A file of the user that a job reads, named by its content. `path` is its place on the machine that planned the run. */
const sourceSchema = z.object({ role: z.string(), name: z.string(), path: z.string(), sha256: hex });

/**
 * The message about one job to a worker: names and hashes, never data or code. The inputs of the job - config keys, input
 * artifacts - are its recipe. The recipe lies in the store under the artifact's id (docs/architecture.md, "Recipe and artifact
 * id"). So the message stays small, whatever the number of inputs.
 */
export const jobSchema = z.object({
  v: z.literal(1),
  run: z.string().min(1),
  key: z.string(),
  /** Id of the artifact to make. Equal jobs of two runs have equal ids. */
  artifact: hex,
  stage: z.enum(stageNames),
  unit: unitSchema,
  class: z.enum(jobClasses),
  sources: z.array(sourceSchema),
  /** True for a forced replay: the new result replaces the earlier one. */
  replace: z.boolean(),
  /** The store with the inputs and the result of the job: a folder or an s3:// address. */
  store: z.string(),
  /** Version of haf-pipeline that planned the job. */
  codeVersion: z.string(),
});
export type Job = z.infer<typeof jobSchema>;

/** Key of the work item. There is one item per artifact and store, shared by all runs that want the artifact. */
export const workItemKey = ({ artifact, store }: Pick<Job, 'artifact' | 'store'>): string =>
  `${artifact}.${sha256(store).slice(0, 16)}`;
