import { ReplaySubject, type Observable } from 'rxjs';
import type { RunEvent, RunEventBody } from '../runs/events.js';
import type { JobClass } from '../stage.js';
import type { Bus, Job, Lease } from './bus.js';

export interface InProcessOptions {
  /** A lease lapses after this long without a heartbeat. */
  readonly leaseMs?: number;
  /** Failures after which a job is given up. */
  readonly maxAttempts?: number;
  /** Number of a run's first event; a resumed run goes on where its log ends. */
  readonly firstSeq?: number;
}

/** A job's state; `revision` is the fencing token: it changes whenever the job changes hands. */
interface Entry {
  job: Job;
  state: 'queued' | 'running' | 'done' | 'given-up';
  revision: number;
  attempts: number;
  lapse?: NodeJS.Timeout;
}

interface Waiter {
  readonly jobClass: JobClass;
  readonly take: (entry: Entry) => void;
}

/**
 * The bus inside one process, for a laptop without a broker and for tests. It holds the same contract as the
 * network adapter (test/conformance/bus.ts) and keeps nothing on disk: what is finished is in the store.
 */
export class InProcessBus implements Bus {
  readonly about = 'in-process (this machine only)';
  private readonly entries = new Map<string, Entry>();
  private readonly queues: Record<JobClass, Entry[]> = { cpu: [], gpu: [] };
  private readonly waiters = new Set<Waiter>();
  private readonly logs = new Map<string, ReplaySubject<RunEvent>>();
  private readonly leaseMs: number;
  private readonly maxAttempts: number;
  private readonly firstSeq: number;
  private readonly nextSeq = new Map<string, number>();

  constructor(options: InProcessOptions = {}) {
    this.leaseMs = options.leaseMs ?? 60_000;
    this.maxAttempts = options.maxAttempts ?? 3;
    this.firstSeq = options.firstSeq ?? 1;
  }

  enqueue(job: Job): Promise<void> {
    const known = this.entries.get(job.artifact);
    const wanted =
      known === undefined || known.state === 'given-up' || (known.state === 'done' && job.replace);
    if (wanted) {
      const entry: Entry = { job, state: 'queued', revision: (known?.revision ?? 0) + 1, attempts: 0 };
      this.entries.set(job.artifact, entry);
      this.offer(entry);
    }
    return Promise.resolve();
  }

  claim(jobClass: JobClass, _worker: string, signal: AbortSignal): Promise<Lease | null> {
    if (signal.aborted) return Promise.resolve(null);
    const waiting = this.queues[jobClass].shift();
    if (waiting) return Promise.resolve(this.lease(waiting));
    return new Promise((resolve) => {
      const onAbort = (): void => {
        this.waiters.delete(waiter);
        resolve(null);
      };
      const waiter: Waiter = {
        jobClass,
        take: (entry) => {
          this.waiters.delete(waiter);
          signal.removeEventListener('abort', onAbort);
          resolve(this.lease(entry));
        },
      };
      this.waiters.add(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  withdraw(run: string): Promise<readonly string[]> {
    const withdrawn: string[] = [];
    for (const jobClass of ['cpu', 'gpu'] as const) {
      const [gone, kept] = [
        this.queues[jobClass].filter(({ job }) => job.run === run),
        this.queues[jobClass].filter(({ job }) => job.run !== run),
      ];
      this.queues[jobClass] = kept;
      for (const { job } of gone) {
        this.entries.delete(job.artifact);
        withdrawn.push(job.artifact);
      }
    }
    return Promise.resolve(withdrawn);
  }

  publish(run: string, event: RunEventBody): Promise<void> {
    const seq = this.nextSeq.get(run) ?? this.firstSeq;
    this.nextSeq.set(run, seq + 1);
    this.log(run).next({ ...event, v: 1, seq, at: new Date().toISOString() });
    return Promise.resolve();
  }

  events(run: string): Observable<RunEvent> {
    return this.log(run).asObservable();
  }

  close(): Promise<void> {
    for (const { lapse } of this.entries.values()) clearTimeout(lapse);
    for (const log of this.logs.values()) log.complete();
    return Promise.resolve();
  }

  private log(run: string): ReplaySubject<RunEvent> {
    let log = this.logs.get(run);
    if (!log) this.logs.set(run, (log = new ReplaySubject<RunEvent>()));
    return log;
  }

  private offer(entry: Entry): void {
    entry.state = 'queued';
    const waiter = [...this.waiters].find(({ jobClass }) => jobClass === entry.job.class);
    if (waiter) waiter.take(entry);
    else this.queues[entry.job.class].push(entry);
  }

  private lease(entry: Entry): Lease {
    entry.state = 'running';
    const revision = ++entry.revision;
    const holds = (): boolean => entry.state === 'running' && entry.revision === revision;
    const settle = (state: Entry['state']): void => {
      clearTimeout(entry.lapse);
      entry.state = state;
      entry.revision++;
    };
    const watch = (): void => {
      clearTimeout(entry.lapse);
      entry.lapse = setTimeout(() => holds() && this.offer(entry), this.leaseMs).unref();
    };
    watch();
    return {
      job: entry.job,
      attempt: entry.attempts + 1,
      heartbeat: () => Promise.resolve(holds() ? watch() : undefined),
      commit: () => {
        if (!holds()) return Promise.resolve('fenced');
        settle('done');
        return Promise.resolve('committed');
      },
      fail: async (retryable, beforeRetry) => {
        if (!holds()) return 'fenced';
        entry.attempts++;
        const again = retryable && entry.attempts < this.maxAttempts;
        settle(again ? 'running' : 'given-up');
        if (!again) return 'given-up';
        try {
          await beforeRetry?.();
        } finally {
          this.offer(entry);
        }
        return 'retried';
      },
      release: () => {
        if (holds()) {
          settle('queued');
          this.offer(entry);
        }
        return Promise.resolve();
      },
    };
  }
}
