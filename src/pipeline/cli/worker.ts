import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Worker } from '../../workers/worker.js';
import type { Bus } from '../bus/bus.js';
import { openJoinedBus } from './open-bus.js';
import { exitCodes, HafError, type ExitCode } from '../core/errors.js';
import { assertAddressSpace } from '../core/machine-room.js';
import { connectionNews } from '../observe/connection-news.js';
import { logObserver } from '../observe/log-observer.js';
import { observe, type Observation } from '../observe/observation.js';
import { together } from '../observe/worker-observer.js';
import { cacheOptions, openStore } from '../store/open-store.js';
import { defaultStore, servedStores } from '../store/served-stores.js';
import { stderrLogger } from './logger.js';
import type { WorkerOptions } from './options.js';
import { requireBackend } from './require-backend.js';
import { metricsAddress } from './metrics-address.js';
import { packageVersion } from './version.js';

/**
 * `worker`: takes jobs of any run on a broker until it is told to leave, or until it has had no job for `idleExit`.
 */
export async function worker(options: WorkerOptions): Promise<ExitCode> {
  assertAddressSpace();
  const leaving = new Leaving();
  const log = stderrLogger();
  if (options.class.includes('gpu')) requireBackend(options.backend, (text) => log.warn(text));
  // The metrics are served before the bus is open. Otherwise a worker that waits for the first run would look like a
  // hanging process.
  const observation = await observe(metricsAddress(options), { role: 'worker', version: packageVersion() });
  try {
    if (observation.url) log.info({ url: observation.url }, 'metrics served');
    if (options.data !== undefined) requireFolder(options.data);
    const own = await openStore(options.store ?? defaultStore);
    const joined = await openJoinedBus('worker', {
      broker: options,
      store: own.localRoot,
      wait: leaving.first,
      onWait: () => log.info('no run has been started on this broker yet; waiting for one'),
    });
    if (joined)
      await workOn(joined.bus, options, { leaving, log, observation }).finally(() => joined.leave());
    return exitCodes.ok;
  } finally {
    await observation.close();
  }
}

/** @throws HafError HAF_DATA_MISSING if `--data` names no folder of this machine */
function requireFolder(data: string): void {
  if (statSync(data, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new HafError(
    'HAF_DATA_MISSING',
    `--data ${data} is not a folder of this machine.`,
    'Name the folder that holds the cohort here, or leave --data out.',
  );
}

interface Surroundings {
  readonly leaving: Leaving;
  readonly log: Logger;
  readonly observation: Observation;
}

async function workOn(
  bus: Bus,
  options: WorkerOptions,
  { leaving, log, observation }: Surroundings,
): Promise<void> {
  const { startWorker } = await import('../../workers/worker.js');
  const { assertSameVersion } = await import('../../workers/same-version.js');
  log.info({ bus: bus.about }, 'on the bus');
  connectionNews(bus).subscribe((news) => log.warn(news));
  observation.on(bus);
  const version = { codeVersion: packageVersion(), anyVersion: options.anyVersion ?? false };
  for (const member of await bus.members())
    if (member.role === 'orchestrator') assertSameVersion(member.codeVersion, version);
  const stores = servedStores(options.store, cacheOptions(options), (store) =>
    log.warn(
      { store },
      'jobs of another store are waiting; this worker leaves them to other workers. To take them, start it with --store',
    ),
  );
  const idle = new IdleClock(options.idleExit ?? null);
  const running = await startWorker({
    ...{ bus, ...version, role: 'worker', run: null, data: options.data ?? null },
    ...stores,
    classes: options.class,
    trainers: options.slots ?? null,
    backend: options.backend,
    checkpointEpochs: options.checkpointEpochs,
    observer: together(logObserver(log), observation.worker, {
      holding: (jobs) => idle.changed(jobs.length),
    }),
  });
  try {
    await Promise.race([running.ended, leaving.firstTime, idle.over]);
    log.info('leaving: finishing the running jobs');
    await leave(running, leaving, options.grace);
  } finally {
    idle.stop();
    await running.stop().catch(() => undefined);
    await running.close();
  }
  log.info('left');
}

/**
 * Lets the running jobs finish within the grace period. After the grace period, training jobs write checkpoints and
 * all jobs are handed back. After a second signal, all jobs are stopped and handed back at once.
 */
async function leave(running: Worker, leaving: Leaving, graceSeconds: number): Promise<void> {
  const done = new AbortController();
  // Errors are ignored here, because drain() reports the same errors.
  const ignored = (): undefined => undefined;
  const late = sleep(graceSeconds * 1000, undefined, { signal: done.signal });
  void late.then(() => running.pause()).catch(ignored);
  void leaving.secondTime.then(() => running.stop()).catch(ignored);
  try {
    await running.drain();
  } finally {
    done.abort();
  }
}

/**
 * Reports the first and the second signal that asks the worker to leave: SIGTERM, SIGINT (Ctrl-C) or SIGHUP (a closed
 * terminal).
 */
class Leaving {
  private readonly controller = new AbortController();
  /** Aborts at the first signal. */
  readonly first = this.controller.signal;
  readonly firstTime: Promise<void>;
  readonly secondTime: Promise<void>;

  constructor() {
    let [once, twice] = [() => {}, () => {}];
    this.firstTime = new Promise((resolve) => (once = resolve));
    this.secondTime = new Promise((resolve) => (twice = resolve));
    const onSignal = (): void => {
      if (this.first.aborted) twice();
      this.controller.abort();
      once();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  }
}

/** Measures how long there has been no job. */
class IdleClock {
  private timer: NodeJS.Timeout | undefined;
  private tell: () => void = () => undefined;
  readonly over = new Promise<void>((resolve) => (this.tell = resolve));

  constructor(private readonly seconds: number | null) {
    this.changed(0);
  }

  changed(jobs: number): void {
    clearTimeout(this.timer);
    if (jobs === 0 && this.seconds !== null) this.timer = setTimeout(this.tell, this.seconds * 1000);
  }

  /** Stops the timer. Otherwise it would keep the process alive. */
  stop(): void {
    clearTimeout(this.timer);
  }
}
