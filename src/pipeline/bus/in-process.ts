import { randomUUID } from 'node:crypto';
import { merge, of, ReplaySubject, type Observable } from 'rxjs';
import type { RunEvent, RunEventBody } from '../run-event.js';
import type { JobClass } from '../stage.js';
import { leaseEnded, type Bus, type ConnectionState, type Lease, type Load, type LogNews } from './bus.js';
import { workItemKey, type Job } from './job.js';
import { mayBeDoneByOthers, type BusMember, type Membership } from './member.js';
import { vanishedEvent } from './vanished.js';

export interface InProcessOptions {
  /** Timeout: a lease expires after so many milliseconds without a heartbeat. */
  readonly leaseMs?: number;
  /** Number of failures after which a job is given up. */
  readonly maxAttempts?: number;
  /** Number of expired leases after which a job is given up. */
  readonly maxLapses?: number;
  /** Number of events of a run that are kept for late subscribers. Events of 100,000 jobs take 200 MB. @default all */
  readonly remembered?: number;
}

/** The state of a job. `revision` is the fencing token: it changes whenever another worker gets the job. */
interface Entry {
  job: Job;
  /** The runs that wait for the artifact. */
  readonly runs: Set<string>;
  state: 'queued' | 'running' | 'settled';
  revision: number;
  attempts: number;
  lapses: number;
  readonly declinedBy: Set<string>;
  lapse?: NodeJS.Timeout;
  /** Aborts the holder's `lost` signal. */
  lost?: AbortController;
}

interface Waiter {
  readonly jobClass: JobClass;
  readonly worker: string;
  readonly take: (entry: Entry) => void;
}

/**
 * The bus inside one process, for a laptop without a broker and for tests. It fulfils the same contract as the bus
 * over NATS (test/conformance/bus.ts). It keeps nothing on disk, because finished artifacts are in the store.
 */
export class InProcessBus implements Bus {
  readonly about = 'in-process (this machine only)';
  readonly leaseMs: number;
  readonly connection: Observable<ConnectionState> = of('connected' as const);
  private readonly entries = new Map<string, Entry>();
  private readonly queues: Record<JobClass, Entry[]> = { cpu: [], gpu: [] };
  private readonly waiters = new Set<Waiter>();
  private readonly logs = new Map<string, ReplaySubject<RunEvent>>();
  private readonly present = new Map<string, BusMember>();
  private readonly maxAttempts: number;
  private readonly maxLapses: number;
  private readonly remembered: number;
  private readonly nextSeq = new Map<string, number>();
  private lastRun: string | null = null;

  constructor(options: InProcessOptions = {}) {
    this.leaseMs = options.leaseMs ?? 60_000;
    this.maxAttempts = options.maxAttempts ?? 3;
    this.maxLapses = options.maxLapses ?? 10;
    this.remembered = options.remembered ?? Infinity;
  }

  enqueue(job: Job): Promise<void> {
    const known = this.entries.get(workItemKey(job));
    if (known) known.runs.add(job.run);
    else {
      const entry: Entry = {
        ...{ job, runs: new Set([job.run]), state: 'queued', revision: 0 },
        ...{ attempts: 0, lapses: 0, declinedBy: new Set() },
      };
      this.entries.set(workItemKey(job), entry);
      this.offer(entry);
    }
    return Promise.resolve();
  }

  claim(jobClass: JobClass, worker: string, signal: AbortSignal): Promise<Lease | null> {
    if (signal.aborted) return Promise.resolve(null);
    const queue = this.queues[jobClass];
    const next = queue.findIndex(({ declinedBy }) => !declinedBy.has(worker));
    const [waiting] = next < 0 ? [] : queue.splice(next, 1);
    if (waiting) return Promise.resolve(this.lease(waiting, worker));
    return new Promise((resolve) => {
      const onAbort = (): void => {
        this.waiters.delete(waiter);
        resolve(null);
      };
      const waiter: Waiter = {
        jobClass,
        worker,
        take: (entry) => {
          this.waiters.delete(waiter);
          signal.removeEventListener('abort', onAbort);
          resolve(this.lease(entry, worker));
        },
      };
      this.waiters.add(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  withdraw(run: string): Promise<readonly string[]> {
    const withdrawn: string[] = [];
    for (const jobClass of ['cpu', 'gpu'] as const) {
      const queue = this.queues[jobClass];
      for (const { runs } of queue) runs.delete(run);
      this.queues[jobClass] = queue.filter(({ runs }) => runs.size > 0);
      for (const { job } of queue.filter(({ runs }) => runs.size === 0)) {
        this.entries.delete(workItemKey(job));
        withdrawn.push(job.artifact);
      }
    }
    return Promise.resolve(withdrawn);
  }

  async cancel(run: string): Promise<void> {
    await this.withdraw(run);
    for (const entry of this.entries.values())
      if (entry.state === 'running' && entry.runs.delete(run) && entry.runs.size === 0) this.settle(entry);
  }

  publish(run: string, event: RunEventBody): Promise<string> {
    const seq = this.nextSeq.get(run) ?? 1;
    this.nextSeq.set(run, seq + 1);
    this.lastRun = run;
    const id = randomUUID();
    this.log(run).next({ ...event, v: 1, id, seq, at: new Date().toISOString() });
    return Promise.resolve(id);
  }

  events(run: string): Observable<RunEvent> {
    return this.log(run).asObservable();
  }

  read(run: string): Observable<LogNews> {
    // The log replays its stored events at once on subscription. So these events arrive before `caught-up`.
    return merge(this.log(run), of('caught-up' as const));
  }

  history(run: string): Promise<readonly RunEvent[]> {
    const events: RunEvent[] = [];
    this.log(run)
      .subscribe((event) => events.push(event))
      .unsubscribe();
    return Promise.resolve(events);
  }

  published(run: string): Promise<number> {
    return Promise.resolve((this.nextSeq.get(run) ?? 1) - 1);
  }

  load(): Promise<Load> {
    const queueOf = (jobClass: JobClass): Load['queues']['cpu'] => ({
      waiting: this.queues[jobClass].length,
      running: [...this.entries.values()].filter(
        ({ state, job }) => state === 'running' && job.class === jobClass,
      ).length,
    });
    return Promise.resolve({ queues: { cpu: queueOf('cpu'), gpu: queueOf('gpu') }, deadLetters: 0 });
  }

  runs(): Promise<readonly string[]> {
    return Promise.resolve([...this.nextSeq.keys()].sort());
  }

  latestRun(): Promise<string | null> {
    return Promise.resolve(this.lastRun);
  }

  join(member: BusMember): Promise<Membership> {
    this.present.set(member.id, member);
    return Promise.resolve({
      update: (change) => {
        this.present.set(member.id, { ...(this.present.get(member.id) ?? member), ...change });
        return Promise.resolve();
      },
      leave: () => {
        this.present.delete(member.id);
        return Promise.resolve();
      },
    });
  }

  members(): Promise<readonly BusMember[]> {
    return Promise.resolve([...this.present.values()]);
  }

  close(): Promise<void> {
    for (const { lapse } of this.entries.values()) clearTimeout(lapse);
    for (const log of this.logs.values()) log.complete();
    return Promise.resolve();
  }

  private log(run: string): ReplaySubject<RunEvent> {
    let log = this.logs.get(run);
    if (!log) this.logs.set(run, (log = new ReplaySubject<RunEvent>(this.remembered)));
    return log;
  }

  private offer(entry: Entry): void {
    entry.state = 'queued';
    const fits = ({ jobClass, worker }: Waiter): boolean =>
      jobClass === entry.job.class && !entry.declinedBy.has(worker);
    const waiter = [...this.waiters].find(fits);
    if (waiter) waiter.take(entry);
    else this.queues[entry.job.class].push(entry);
  }

  /** Ends the present lease. */
  private settle(entry: Entry, state: Entry['state'] = 'settled'): void {
    clearTimeout(entry.lapse);
    entry.state = state;
    // The entry is deleted, so that a later `enqueue` queues the job again.
    const key = workItemKey(entry.job);
    if (state === 'settled' && this.entries.get(key) === entry) this.entries.delete(key);
    entry.revision++;
    entry.lost?.abort(leaseEnded);
  }

  private lease(entry: Entry, worker: string): Lease {
    entry.state = 'running';
    entry.lost?.abort(leaseEnded);
    const lost = (entry.lost = new AbortController());
    const revision = ++entry.revision;
    const holds = (): boolean => entry.state === 'running' && entry.revision === revision;
    const watch = (): void => {
      clearTimeout(entry.lapse);
      entry.lapse = setTimeout(() => {
        if (!holds()) return;
        const again = ++entry.lapses < this.maxLapses;
        this.settle(entry, again ? 'queued' : 'settled');
        if (again) this.offer(entry);
        else void tell(vanishedEvent(entry.job, entry.lapses));
      }, this.leaseMs).unref();
    };
    const tell = async (event: RunEventBody): Promise<void> => {
      for (const run of entry.runs) await this.publish(run, event);
    };
    /** Ends the lease with an event. `again` returns the job to the queue after the event is published. */
    const end = async <V extends string>(
      again: boolean,
      verdict: V,
      eventOf: (verdict: V) => RunEventBody,
    ): Promise<V> => {
      this.settle(entry, again ? 'running' : 'settled');
      await tell(eventOf(verdict));
      // If the job was cancelled while the event was published, it does not return to the queue.
      if (again && entry.state === 'running') this.offer(entry);
      return verdict;
    };
    watch();
    return {
      job: entry.job,
      attempt: entry.attempts + 1,
      lost: lost.signal,
      heartbeat: () => Promise.resolve(holds() ? watch() : undefined),
      confirm: () => Promise.resolve(holds() ? watch() : undefined),
      publish: tell,
      commit: async (done) => {
        if (!holds()) return 'fenced';
        return end(false, 'committed', () => done);
      },
      fail: async (retryable, eventOf) => {
        if (!holds()) return 'fenced';
        entry.attempts++;
        const again = retryable && entry.attempts < this.maxAttempts;
        return end(again, again ? 'retried' : 'given-up', eventOf);
      },
      decline: async (eventOf) => {
        if (!holds()) return 'fenced';
        entry.declinedBy.add(worker);
        const members = [...this.present.values()];
        const others = mayBeDoneByOthers(members, entry.job.class, worker, [...entry.declinedBy]);
        return end(others, others ? 'returned' : 'given-up', eventOf);
      },
      release: () => {
        if (holds()) {
          this.settle(entry, 'queued');
          this.offer(entry);
        }
        return Promise.resolve();
      },
    };
  }
}
