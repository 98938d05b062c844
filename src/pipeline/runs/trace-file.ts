import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { csvLine, type CsvCell } from '../core/csv.js';
import { stageNames } from '../stage.js';
import type { RunDirectory, RunFile } from './run-directory.js';

const traceColumns = [
  ...(['job', 'stage', 'state', 'queued', 'started', 'ended', 'wait', 'read', 'compute'] as const),
  ...(['seconds', 'peakRssMiB', 'worker', 'attempts'] as const),
];
type Traced = Partial<Record<(typeof traceColumns)[number], CsvCell>>;

const traceFile = 'trace.csv';
/** Number of characters that are written at once. */
const partLength = 1 << 16;

const job = { job: z.string(), stage: z.enum(stageNames) };
/** The fields of job events that the trace reads. Events of other types do not start or end a job. */
const tracedSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.enum(['job-queued', 'job-retried', 'job-returned', 'job-cached', 'job-failed']),
    ...job,
  }),
  z.object({ type: z.literal('job-started'), ...job, worker: z.string() }),
  z.object({
    ...{ type: z.literal('job-done'), ...job, worker: z.string() },
    ...{ seconds: z.number(), readSeconds: z.number(), computeSeconds: z.number(), peakRssMiB: z.number() },
  }),
]);
/** An event with its time from the log, in ISO format. */
type TracedEvent = z.infer<typeof tracedSchema> & { readonly at: string };

/** What is known of a job that has not ended. */
interface Underway {
  /** The last time the job was queued, in ISO format. */
  readonly queued?: string;
  readonly started?: string;
  /**
   * Seconds in the queue until the first start. Time that a vanished or stopped worker took does not count as
   * waiting.
   */
  readonly wait?: number;
  readonly worker?: string;
  /** Number of times that a worker started the job. */
  readonly attempts: number;
}

/**
 * Writes trace.csv: one line each time a job ended, with the time, the worker, its memory, and how the time divides
 * into waiting in the queue, getting and reading the inputs, and computing (seconds). The log of a large run is long,
 * so lines that the file already has are kept.
 *
 * @param before how far the file was complete, as the last execution recorded it
 * @returns how far it is complete now; null if jobs have not ended, because the next execution must read them from
 * the log
 */
export function writeTrace(directory: RunDirectory, before: RunFile['traced']): RunFile['traced'] | null {
  const path = join(directory.path, traceFile);
  const { log } = directory;
  const end = log.bytes;
  const isThere = statSync(path, { throwIfNoEntry: false })?.size === before?.trace;
  const kept = before !== undefined && isThere && before.log <= end ? before : undefined;
  const underway = new Map<string, Underway>();
  const rowsOf = (event: TracedEvent): readonly CsvCell[][] => {
    const { job, stage, at } = event;
    const before = underway.get(job) ?? { attempts: 0 };
    const end = (state: string, measured: Traced): readonly CsvCell[][] => {
      underway.delete(job);
      // 0 attempts means unknown, so the cell stays empty: a worker may have started the job before this run queued it.
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
    }
  };
  function* parts(): Generator<string | Uint8Array> {
    yield kept === undefined ? csvLine(traceColumns) : readFileSync(path);
    let lines = '';
    for (const event of log.parts(tracedSchema, kept?.log)) {
      lines += rowsOf(event).map(csvLine).join('');
      if (lines.length < partLength) continue;
      yield lines;
      lines = '';
    }
    yield lines;
  }
  directory.write(traceFile, parts());
  return underway.size === 0 ? { log: end, trace: statSync(path).size } : null;
}

/** Rounded to milliseconds, the precision of the event times. */
const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;

/**
 * A negative difference becomes 0: the clocks of two machines may differ, and a job that another run queued may have
 * started before this run queued it.
 */
const secondsBetween = (from: string, to: string): number =>
  Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
