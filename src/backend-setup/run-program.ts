import { spawn } from 'node:child_process';

/** The error of a program that a signal ended, or that ended with an exit code other than 0. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed';

  constructor(
    readonly program: string,
    /** stdout and stderr of the program, in the order in which their parts arrived. */
    readonly output: string,
    how: string,
  ) {
    super(`${program} ${how}`);
  }
}

/** The end of a program's output, for a message; at most `lines` lines. */
export const lastLines = (output: string, lines: number): string =>
  output
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-lines)
    .join('\n');

/**
 * Runs a program to its end and returns its stdout.
 *
 * @throws ProgramFailed if a signal ends the program, or if its exit code is not 0
 * @throws Error with code ENOENT if the program does not exist
 */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, output] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => ((stdout += chunk.toString()), (output += chunk.toString())));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(stdout);
      else
        reject(
          new ProgramFailed(
            program,
            output,
            signal ? `was ended by ${signal}` : `ended with exit code ${code}`,
          ),
        );
    });
  });
}

/** Whether an error says that a program does not exist. */
export const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
