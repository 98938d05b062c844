import { csvText, type CsvCell } from '../core/csv.js';
import type { RunEvent } from '../run-event.js';
import type { RunDirectory } from './run-directory.js';

const traceColumns = [
  ...(['job', 'stage', 'state', 'queued', 'started', 'ended', 'wait', 'read', 'compute'] as const),
  ...(['seconds', 'peakRssMiB', 'worker', 'attempts'] as const),
];
type Traced = Partial<Record<(typeof traceColumns)[number], CsvCell>>;

/** What is known of a job on its way to its end. */
interface Underway {
  /** When it last came into the queue, ISO time. */
  readonly queued?: string;
  readonly started?: string;
  /** Seconds in the queue, to the first start; what a worker that vanished or was told to stop took is no wait. */
  readonly wait?: number;
  readonly worker?: string;
  /** How often a worker began with it. */
  readonly attempts: number;
}

/**
 * trace.csv: a line each time a job ended - when, who did it with how much memory, and where the time went: waiting
 * in the queue, getting and reading the inputs, computing (seconds).
 */
export function writeTrace(events: Iterable<RunEvent>, directory: RunDirectory): void {
  const underway = new Map<string, Underway>();
  const rowsOf = (event: RunEvent): readonly CsvCell[][] => {
    if (!('job' in event)) return [];
    const { job, stage, at } = event;
    const before = underway.get(job) ?? { attempts: 0 };
    const end = (state: string, measured: Traced): readonly CsvCell[][] => {
      underway.delete(job);
      // A worker may have begun before this run came to wait for the job.
      const known: Traced = { ...before, attempts: before.attempts || undefined };
      const row: Traced = { job, stage, state, ended: at, ...known, ...measured };
      return [traceColumns.map((column) => row[column])];
    };
    switch (event.type) {
      case 'job-queued':
        underway.set(job, { attempts: 0, queued: at });
        return [];
      case 'job-retried':
      case 'job-returned':
        underway.set(job, { attempts: before.attempts, queued: at });
        return [];
      case 'job-started': {
        const { worker } = event;
        const wait = before.wait ?? (before.queued ? secondsBetween(before.queued, at) : undefined);
        const timed = { ...before, ...(wait === undefined ? {} : { wait }) };
        underway.set(job, { ...timed, started: at, worker, attempts: before.attempts + 1 });
        return [];
      }
      case 'job-cached':
        return end('cached', {});
      case 'job-failed':
        return end('failed', {});
      case 'job-done': {
        const { seconds, readSeconds, computeSeconds, peakRssMiB, worker } = event;
        const times = {
          seconds: rounded(seconds),
          read: rounded(readSeconds),
          compute: rounded(computeSeconds),
        };
        return end('done', { ...times, peakRssMiB, worker });
      }
      case 'job-epoch':
      case 'job-skipped':
        return [];
    }
  };
  const rows: CsvCell[][] = [];
  for (const event of events) rows.push(...rowsOf(event));
  directory.write('trace.csv', csvText(traceColumns, rows));
}

/** To milliseconds, as the times of the events are. */
const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;

/** Never negative: two machines' clocks may differ, and a job that another run had queued may have started before. */
const secondsBetween = (from: string, to: string): number =>
  Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
