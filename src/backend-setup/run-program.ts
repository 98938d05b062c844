import { spawn } from 'node:child_process';

/** A program that a signal or an exit code other than 0 ended. The error holds its output. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed';

  constructor(
    readonly program: string,
    /** stdout and stderr, in the order they arrived. */
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
 * @throws ProgramFailed if a signal or a non-zero exit code ends it
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
