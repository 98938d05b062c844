import { HafError } from '../pipeline/core/errors.js';

const majorOf = (version: string): string => version.split('.')[0] ?? version;

/**
 * Two versions may compute different results from the same recipe. So a worker takes jobs of its own version only.
 * `anyVersion` accepts other versions with the same major number.
 *
 * @throws HafError HAF_WORKER_UNFIT
 */
export function assertSameVersion(
  other: string,
  { codeVersion, anyVersion }: { readonly codeVersion: string; readonly anyVersion: boolean },
): void {
  if (other === codeVersion) return;
  const sameMajor = majorOf(other) === majorOf(codeVersion);
  if (sameMajor && anyVersion) return;
  throw new HafError(
    'HAF_WORKER_UNFIT',
    `This worker is haf-pipeline ${codeVersion}, the run was planned by ${other}.`,
    sameMajor
      ? 'Install the same version on both machines, or start the worker with --any-version.'
      : 'Install the same version on both machines: different major versions cannot exchange messages.',
  );
}
