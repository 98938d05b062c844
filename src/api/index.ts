// What a script can import from 'haf-pipeline' (docs/scripting.md). Everything else in this package may change in any version.
import { resolve } from 'node:path';
import { readBundle as readLabelled, type OpenBundle } from '../operators/bundle/open-bundle.js';

export { runExperiment, type ExperimentOptions, type ExperimentResult } from './run-experiment.js';
export { openRun, type OpenRun, type RunSummary } from './open-run.js';
export { packageVersion as version } from '../pipeline/cli/version.js';
export { HafError, exitCodes, type ErrorCode, type ExitCode } from '../pipeline/core/errors.js';
export type { Config } from '../pipeline/config/schema.js';
export type { Problem } from '../pipeline/core/problem.js';
export type { RunEvent } from '../pipeline/run-event.js';
export type { Prediction } from '../operators/stage3/prediction-data.js';
export type { OpenBundle };

/**
 * Reads a trained model that `haf-pipeline bundle` wrote: the data it was trained on, its settings, and the arrays of every fold.
 *
 * @throws HafError HAF_BUNDLE_INVALID if the file is damaged or was written by a later version
 * @example const { bundle } = readBundle('model.haf'); console.log(bundle.method.title, bundle.worth.subsets);
 */
export const readBundle = (path: string): OpenBundle => readLabelled(resolve(path), path);
