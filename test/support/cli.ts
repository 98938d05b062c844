import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RunEvent } from '../../src/pipeline/run-event.js';

const entry = join(import.meta.dirname, '../../dist/bin/haf-pipeline.js');

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the built command line in a folder. */
export function startCli(args: readonly string[], cwd: string): ChildProcessWithoutNullStreams {
  const env = { ...process.env, NO_COLOR: '1', HAF_BACKEND: '' };
  return spawn(process.execPath, [entry, ...args], { cwd, env, stdio: 'pipe' });
}

export function ended(child: ChildProcessWithoutNullStreams): Promise<CliResult> {
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

/** Runs the built command line to its end. */
export const cli = (args: readonly string[], cwd: string): Promise<CliResult> => ended(startCli(args, cwd));

/** Waits for an event on the stdout of `up --json`. */
export function eventOf(
  child: ChildProcessWithoutNullStreams,
  wanted: (event: RunEvent) => boolean,
): Promise<RunEvent> {
  const lines = createInterface({ input: child.stdout });
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      const event = JSON.parse(line) as RunEvent;
      if (wanted(event)) resolve(event);
    });
    lines.once('close', () => reject(new Error('the command ended without the event')));
  });
}

/**
 * The process ids of the training processes of an `up` or a `worker`. Other child processes, such as a broker, are left
 * out.
 */
export const trainersOf = (pid: number): number[] =>
  childrenOf(pid).filter((child) => {
    try {
      return readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('trainer-process');
    } catch {
      return false;
    }
  });

/** Child processes of a process, from /proc. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
      } catch {
        return false;
      }
    })
    .map(Number);
}
