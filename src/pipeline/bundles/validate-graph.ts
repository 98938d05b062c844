import type { Config } from '../config/schema.js';
import { adder, type Graph, type JobNode } from '../graph-jobs.js';
import type { SourceFile } from '../stage.js';
import {
  buildPredictGraph,
  tableSources,
  type PredictFiles,
  type PredictGraphOptions,
} from './predict-graph.js';

/** The inputs of a validation in addition to the data of the patients. */
export interface OutcomeFiles {
  /** The table with the outcome, role `outcome`. */
  readonly outcome: SourceFile;
  /** Tables of the cohort file that the model does not read, role `table:<modality>`: their columns may group patients. */
  readonly others: readonly SourceFile[];
}

/** The jobs of a prediction, the outcomes of the same patients, and the comparison of both. */
export function buildValidateGraph(
  config: Config,
  files: PredictFiles,
  { outcome, others }: OutcomeFiles,
  options: PredictGraphOptions & { readonly by: readonly string[] },
): Graph {
  const jobs: JobNode[] = [];
  const add = adder(jobs);
  // The job `outcome` comes first: a typo in the outcome table should be found before slides are read for an hour.
  const known = add('outcome', {}, {}, { sources: [outcome] });
  const predicting = buildPredictGraph(config, files, options);
  jobs.push(...predicting.map((node) => (node.inputs.length === 0 ? { ...node, after: [known] } : node)));
  const keysOf = (stage: JobNode['stage']): readonly string[] =>
    predicting.filter((node) => node.stage === stage).map(({ key }) => key);
  const { by } = options;
  add(
    'validation',
    by.length === 0 ? {} : { by },
    {
      predictions: keysOf('predictions'),
      predict: keysOf('predict'),
      roster: keysOf('roster'),
      outcome: [known],
    },
    {
      sources: [files.bundle, ...(by.length === 0 ? [] : [outcome, ...tableSources(files.data), ...others])],
    },
  );
  return jobs;
}
