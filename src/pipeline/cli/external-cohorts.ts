import { dirname, join, resolve } from 'node:path';
import type { ExternalCohort } from '../config/cohorts-schema.js';
import type { Config } from '../config/schema.js';
import { exitCodes, HafError, type ExitCode } from '../core/errors.js';
import type { RunDirectory } from '../runs/run-directory.js';
import type { UpOptions } from './options.js';
import { say } from './output.js';
import { summaryOf } from './summary-text.js';

/** The cohorts of an experiment that are not used for training, with absolute paths. */
export function externalCohorts({ cohorts }: Config, experiment: string): readonly ExternalCohort[] {
  const beside = (path: string): string => resolve(dirname(experiment), path);
  return cohorts.flatMap((one) =>
    one.role === 'external'
      ? [{ ...one, file: beside(one.file), data: one.data === null ? null : beside(one.data) }]
      : [],
  );
}

/**
 * Bundles methods of a finished run and validates them on cohorts that they were not trained on. The results go to
 * `external/<cohort>/<method>` of the run directory, the bundles to `models`.
 */
export async function validateOn(
  cohorts: readonly ExternalCohort[],
  directory: RunDirectory,
  options: UpOptions,
): Promise<ExitCode> {
  const [{ bundle }, { validate }] = await Promise.all([import('./bundle.js'), import('./validate.js')]);
  const methodsOf = ({ methods }: ExternalCohort): readonly string[] =>
    methods.length > 0 ? methods : [recommendedOf(directory)];
  const { run, path, runs } = directory;
  const places = { ...options, runs };
  const model = (method: string): string => join(path, 'models', `${method}.haf`);
  for (const method of new Set(cohorts.flatMap(methodsOf))) {
    const code = await bundle(run, { ...places, method, out: model(method), force: true });
    if (code !== exitCodes.ok) return code;
  }
  let failed: ExitCode = exitCodes.ok;
  for (const cohort of cohorts)
    for (const method of methodsOf(cohort)) {
      say(`\n${method} on ${cohort.name}:`);
      const code = await validate(model(method), {
        ...places,
        ...{ config: cohort.file, set: [], by: cohort.by },
        ...(cohort.data !== null && { data: cohort.data }),
        out: join(path, 'external', cohort.name, method),
      }).catch((error: unknown) => {
        const { code: reason, what, fix, exitCode } = HafError.from(error);
        if (reason === 'HAF_INTERRUPTED') throw error;
        // The error is shown, and the other cohorts are still validated.
        say(`${reason} ${what}\nfix: ${fix}`);
        return exitCode;
      });
      if (failed === exitCodes.ok) failed = code;
    }
  return failed;
}

/**
 * The method that the run recommends by the results on validation patients. If the run recommends none, the first
 * method.
 */
function recommendedOf(directory: RunDirectory): string {
  const summary = summaryOf(directory);
  if (summary === null) throw new Error(`${directory.path} has no summary`);
  return summary.recommended?.method ?? (summary.rows[0]?.method as string);
}
