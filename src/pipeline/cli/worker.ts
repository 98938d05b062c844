import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from '../../workers/worker.js';
import { openJoinedBus } from '../bus/open.js';
import { exitCodes, type ExitCode } from '../core/errors.js';
import { openStore } from '../store/open-store.js';
import { openStores } from '../store/open-stores.js';
import { countGpus } from './count-gpus.js';
import { stderrLogger } from './logger.js';
import type { WorkerOptions } from './options.js';
import { packageVersion } from './version.js';

/** `worker`: takes jobs of any run on a broker until it is told to leave, or has had nothing to do for `idleExit`. */
export async function worker(options: WorkerOptions): Promise<ExitCode> {
  const { startWorker } = await import('../../workers/worker.js');
  const { assertSameVersion } = await import('../../workers/same-version.js');
  const leaving = new Leaving();
  const places = {
    ...(options.cache === undefined ? {} : { cache: options.cache }),
    ...(options.cacheSize === undefined ? {} : { cacheBytes: options.cacheSize * 2 ** 30 }),
  };
  const own = await openStore(options.store ?? './.haf/store', places);
  const open = openStores(places);
  const log = stderrLogger(`${process.pid}`);
  const joined = await openJoinedBus('worker', {
    broker: options,
    store: own.localRoot,
    wait: leaving.first,
    onWait: () => log.info('no run has been started on this broker yet; waiting for one'),
  });
  if (!joined) return exitCodes.ok;
  const { bus } = joined;
  try {
    const version = { codeVersion: packageVersion(), anyVersion: options.anyVersion ?? false };
    for (const member of await bus.members())
      if (member.role === 'orchestrator') assertSameVersion(member.codeVersion, version);
    const idle = new IdleClock(options.idleExit ?? null);
    const running = await startWorker({
      ...{ bus, log, ...version, role: 'worker', run: null, data: options.data ?? null },
      // The store named for this worker, else the one that the run of the job uses.
      storeOf: ({ store }) => open(options.store ?? store),
      classes: options.class,
      trainers: options.slots ?? (countGpus() || availableParallelism()),
      backend: options.backend,
      checkpointEpochs: options.checkpointEpochs,
      onJobs: (jobs) => idle.changed(jobs.length),
    });
    log.info({ id: running.id, bus: bus.about, classes: options.class }, 'worker ready');
    try {
      await Promise.race([running.ended, leaving.firstTime, idle.over]);
      log.info('leaving: finishing the running jobs');
      await leave(running, leaving, options.grace);
    } finally {
      idle.stop();
      // Of use when a lane can take no more jobs: the others still work.
      await running.stop().catch(() => undefined);
      await running.close();
    }
    log.info('left');
    return exitCodes.ok;
  } finally {
    await joined.leave();
  }
}

/** Finishes the running jobs within the grace, or has them keep their state and hands them back; at once when asked twice. */
async function leave(running: Worker, leaving: Leaving, graceSeconds: number): Promise<void> {
  const done = new AbortController();
  // How the lanes end is what drain() tells.
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

/** SIGTERM or Ctrl-C, once and again. */
class Leaving {
  private readonly controller = new AbortController();
  /** Aborts the first time. */
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
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  }
}

/** Notices that there has been no job for a while. */
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

  /** Nobody waits for it any more; it would keep the process alive. */
  stop(): void {
    clearTimeout(this.timer);
  }
}
