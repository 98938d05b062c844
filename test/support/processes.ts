import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import { trainersOf, type CliResult } from './cli.js';

const entry = join(import.meta.dirname, '../../dist/bin/haf-pipeline.js');
const pollMs = 20;

export interface StartOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** A command that runs the given command in its place (`ip netns exec NAME`). */
  readonly within?: readonly string[];
  /** The main script to run. @default the main script in the build of this checkout */
  readonly entry?: string;
}

/** A running command, with its output so far. */
export class Running {
  readonly pid: number;
  readonly ended: Promise<CliResult>;
  private out = '';
  private err = '';
  private over = false;

  constructor(
    private readonly child: ChildProcess,
    private readonly title: string,
    hardSeconds: number,
  ) {
    this.pid = child.pid ?? 0;
    child.stdout?.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
    const timer = setTimeout(() => child.kill('SIGKILL'), hardSeconds * 1000);
    this.ended = new Promise((resolve) =>
      child.once('close', (code) => {
        clearTimeout(timer);
        this.over = true;
        resolve({ code, stdout: this.out, stderr: this.err });
      }),
    );
  }

  get said(): string {
    return this.out + this.err;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ids of the training processes of this command. (Threads of its pool are no processes.) */
  trainers(): number[] {
    return trainersOf(this.pid);
  }

  /** Waits until the output contains this text. */
  async says(text: string | RegExp, seconds = 120): Promise<void> {
    const found = (): boolean => (typeof text === 'string' ? this.said.includes(text) : text.test(this.said));
    for (const end = Date.now() + seconds * 1000; !found(); await sleep(pollMs))
      if (this.over || Date.now() > end)
        throw new Error(
          `${this.title} ${this.over ? 'ended' : `ran ${seconds} s`} without saying ${String(text)}:\n${this.said.slice(-3000)}`,
        );
  }

  /** Waits for an event in the output of `up --json` or `watch --json`. */
  async event(wanted: (event: RunEvent) => boolean, seconds = 120): Promise<RunEvent> {
    for (const end = Date.now() + seconds * 1000; ; await sleep(pollMs)) {
      const event = this.events().find(wanted);
      if (event) return event;
      if (this.over || Date.now() > end)
        throw new Error(`${this.title}: no such event.\n${this.said.slice(-3000)}`);
    }
  }

  /** The events in the output so far. */
  events(): RunEvent[] {
    const whole = this.out.slice(0, this.out.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as RunEvent);
  }
}

/** The processes that a test started. `end` kills those that still run, and no other process. */
export class Processes {
  private readonly running = new Set<Running>();

  /**
   * @param hardSeconds a process is killed after this time in any case, because a hanging test gives less information
   * than a failing one
   */
  constructor(private readonly hardSeconds = 240) {}

  start(args: readonly string[], { cwd, env, within = [], ...options }: StartOptions): Running {
    const [command = '', ...rest] = [...within, process.execPath, options.entry ?? entry, ...args];
    const child = spawn(command, rest, {
      cwd,
      env: { ...process.env, NO_COLOR: '1', HAF_BACKEND: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const running = new Running(child, args.join(' '), this.hardSeconds);
    this.running.add(running);
    return running;
  }

  async end(): Promise<void> {
    const all = [...this.running];
    for (const one of all) one.kill('SIGKILL');
    await Promise.all(all.map(({ ended }) => ended));
    this.running.clear();
  }
}
