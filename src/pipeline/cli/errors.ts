import { exitCodes, type ExitCode, HafError } from '../core/errors.js';
import { visible } from '../core/visible.js';
import { paletteFor, say } from './output.js';

/** The code of a command. It may return an exit code. If it returns none, the command has succeeded. */
export type Action<Arguments extends unknown[]> = (...args: Arguments) => Outcome | Promise<Outcome>;
type Outcome = ExitCode | void;

/** An error as text for people: its code, what is wrong and where, and what to do. */
export function errorText(error: HafError, colors = paletteFor(process.stderr)): string {
  const [headline, ...details] = visible(error.what).trimEnd().split('\n');
  const { stack } = error.context;
  return [
    `${colors.red(error.code)} ${headline}`,
    ...details.map((line) => `  ${line}`),
    ...visible(error.fix)
      .split('\n')
      .map((line) => `${colors.bold('fix:')} ${line}`),
    ...(error.code === 'HAF_INTERNAL' && typeof stack === 'string' ? [colors.dim(stack)] : []),
  ].join('\n');
}

/** Runs the code of a command. An error that it throws is printed to stderr and decides the exit code. */
export async function runCommand(action: Action<[]>): Promise<void> {
  try {
    process.exitCode = (await action()) ?? exitCodes.ok;
  } catch (thrown) {
    const error = HafError.from(thrown);
    say(errorText(error));
    process.exitCode = error.exitCode;
  }
}
