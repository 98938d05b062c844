import { type ExitCode, exitCodes } from '../core/errors.js';
import { type Check, checkMachine } from './doctor-checks.js';
import type { DoctorOptions } from './options.js';
import { paletteFor, printData, printJson } from './output.js';

/** The checks as lines. A line that says what to do follows each check that is not `ok`. */
export function doctorLines(
  checks: readonly Check[],
  colors = paletteFor(process.stdout),
): readonly string[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const paint = { ok: colors.green, warn: colors.yellow, fail: colors.red };
  return checks.flatMap(({ name, status, found, fix }) => [
    `${paint[status](status.padEnd(4))}  ${name.padEnd(width)}  ${found}`,
    ...(fix === undefined ? [] : [`${' '.repeat(width + 8)}${colors.bold('fix:')} ${fix}`]),
  ]);
}

/** `doctor`: checks whether this machine can run an experiment. Exit code 1 if a check fails. */
export async function doctor(options: DoctorOptions): Promise<ExitCode> {
  const checks = await checkMachine(options);
  if (options.json) printJson({ checks });
  else printData(doctorLines(checks).join('\n'));
  return checks.some(({ status }) => status === 'fail') ? exitCodes.unexpected : exitCodes.ok;
}
