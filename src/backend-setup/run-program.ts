import { spawn } from 'node:child_process';

/** A program that ended with another exit code than 0, with what it wrote. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed';

  constructor(
    readonly program: string,
    /** stdout and stderr as they came. */
    readonly output: string,
    how: string,
  ) {
    super(`${program} ${how}`);
  }
}

/** The end of what a program wrote, for a message; `lines` lines of it at most. */
export const lastLines = (output: string, lines: number): string =>
  output
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-lines)
    .join('\n');

/**
 * Runs a program to its end and gives what it wrote to stdout.
 *
 * @throws ProgramFailed when it ends otherwise than well
 * @throws Error with code ENOENT when there is no such program
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

/** Whether an error says that a program is not there. */
export const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
