import type { RunEvent } from '../../src/pipeline/run-event.js';
import { setUpBus } from '../../src/pipeline/bus/nats/connect-bus.js';
import { stopOwnBroker } from '../../src/pipeline/broker/own-broker.js';
import { join } from 'node:path';
import { faultFolder } from './fault-runs.js';
import { LastingNats } from './lasting-nats.js';
import { Processes, type Running, type StartOptions } from './processes.js';
import type { Changes } from './resolved-config.js';

/** Lease time of these tests: after this many seconds without a heartbeat a worker loses its job. */
export const leaseSeconds = 3;

export const isEpoch =
  (stage: string, from = 1) =>
  (event: RunEvent): boolean =>
    event.type === 'job-epoch' && event.stage === stage && event.epoch >= from;

type Options = Partial<StartOptions>;

/**
 * A folder with an experiment, a broker, and the real processes that use them. `end` stops the processes and the
 * broker.
 */
export class FaultBench {
  readonly processes: Processes;

  private constructor(
    readonly folder: string,
    /** The NATS server that is the broker. Null if the store's own broker is used. */
    readonly nats: LastingNats | null,
    hardSeconds?: number,
  ) {
    this.processes = new Processes(hardSeconds);
  }

  static async withServer(
    changes: Changes = {},
    { nats, hardSeconds }: { readonly nats?: LastingNats; readonly hardSeconds?: number } = {},
  ): Promise<FaultBench> {
    return new FaultBench(await faultFolder(changes), nats ?? (await LastingNats.start()), hardSeconds);
  }

  static async withOwnBroker(): Promise<FaultBench> {
    return new FaultBench(await faultFolder(), null);
  }

  /** Sets up the bus on the broker as `up` does, so that workers and `page` can use it before the first `up`. */
  async prepare(): Promise<void> {
    const servers = [(this.nats?.url ?? '').replace('nats://', '')];
    const address = { servers, auth: { kind: 'none' }, tls: null, origin: 'test' } as const;
    await (await setUpBus(address, leaseSeconds * 1000)).close();
  }

  get store(): string {
    return join(this.folder, '.haf/store');
  }

  /** Starts `up --json`, which leaves all training to the workers. */
  up(args: readonly string[] = [], options: Options = {}): Running {
    const settings = ['--workers', '0', '--lease', String(leaseSeconds)];
    return this.start(
      ['up', '-c', 'experiment.yaml', '--json', ...this.broker, ...settings, ...args],
      options,
    );
  }

  /**
   * Starts a worker for training jobs. It trains two jobs at once, so it can also take over jobs that another worker
   * loses.
   */
  worker(args: readonly string[] = [], options: Options = {}): Running {
    const settings = ['--class', 'gpu', '--slots', '2'];
    return this.start(['worker', ...this.broker, ...settings, ...args], options);
  }

  start(args: readonly string[], options: Options = {}): Running {
    return this.processes.start(args, { cwd: this.folder, ...options });
  }

  async end(): Promise<void> {
    await this.processes.end();
    if (this.nats) await this.nats.end();
    else await stopOwnBroker(this.store);
  }

  private get broker(): readonly string[] {
    return this.nats ? ['--nats', this.nats.url] : [];
  }
}

/** Returns the process, `up` or one of these workers, that computes or last computed the job of an event. */
export function workerOf(event: RunEvent, up: Running, workers: readonly Running[]): Running {
  const artifact = 'artifact' in event ? event.artifact : '';
  const started = up.events().filter((e) => e.type === 'job-started' && e.artifact === artifact);
  const last = started.at(-1);
  const id = last?.type === 'job-started' ? last.worker : '';
  const worker = workers.find(({ pid }) => id.includes(`-${pid}-`));
  if (!worker) throw new Error(`none of the workers is ${id}`);
  return worker;
}
