import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { reportFile } from '../operators/report/report-data.js';
import type { Prediction } from '../operators/stage3/prediction-data.js';
import { summaryOf } from '../pipeline/cli/summary-text.js';
import type { Config } from '../pipeline/config/schema.js';
import type { runSummarySchema } from '../pipeline/runs/materialise.js';
import { RunDirectory, type RunFile } from '../pipeline/runs/run-directory.js';
import { predictedMethods, readPredictions } from '../pipeline/runs/run-predictions.js';

/** The content of `summary.json`: one row per method, comparisons between methods, facts about the cohort. */
export type RunSummary = z.infer<typeof runSummarySchema>;

/** An open run directory; its methods read the results. */
export interface OpenRun {
  /** Full name of the run, for example `quickstart-3f9c12`. */
  readonly name: string;
  /** Absolute path of the run directory. */
  readonly directory: string;
  readonly state: RunFile['state'];
  /** The experiment, with all defaults filled in. */
  readonly config: Config;
  /** Null until the run has a result. */
  readonly summary: RunSummary | null;
  /** Absolute path of `report.html`; null until it exists. */
  readonly report: string | null;
  /** Methods that have predictions, in alphabetical order. */
  readonly methods: readonly string[];
  /**
   * Predictions of one method for validation and test patients, by fold. Only for a binary outcome.
   *
   * @throws HafError HAF_TABLE_INVALID if a prediction file was changed after the run, or holds survival predictions
   */
  predictions(
    method: string,
  ): readonly { readonly fold: number; readonly predictions: readonly Prediction[] }[];
}

/**
 * Opens a run to read its results. Computes nothing.
 *
 * @param name full name of a run, a unique prefix of it, or `latest`
 * @throws HafError HAF_RUN_UNKNOWN if there is no such run
 * @example const auc = openRun('latest').summary?.rows.find(({ method }) => method === 'haf')?.auc.mean;
 */
export function openRun(name = 'latest', { runs = './runs' }: { readonly runs?: string } = {}): OpenRun {
  const found = RunDirectory.findExperiment(runs, name);
  const directory = resolve(found.path);
  const report = join(directory, reportFile);
  return {
    ...{ name: found.run, directory, state: found.info().state, config: found.experiment() },
    summary: summaryOf(found),
    report: existsSync(report) ? report : null,
    methods: predictedMethods(found),
    predictions: (method) => readPredictions(found, method),
  };
}
