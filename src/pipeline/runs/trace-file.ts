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
/** Characters that are written at a time. */
const partLength = 1 << 16;

const job = { job: z.string(), stage: z.enum(stageNames) };
/** What the trace reads of the events of jobs; an event of another type is of no job, or of one that runs on. */
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
/** An event with the ISO time of its log. */
type TracedEvent = z.infer<typeof tracedSchema> & { readonly at: string };

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
 * in the queue, getting and reading the inputs, computing (seconds). Of a run of very many jobs the log is long, so what the file
 * tells already is kept.
 *
 * @param before how far the file tells, as the last execution noted it
 * @returns how far it tells now; null while jobs are on their way, which the next execution has to know from the log
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

/** To milliseconds, as the times of the events are. */
const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;

/** Never negative: two machines' clocks may differ, and a job that another run had queued may have started before. */
const secondsBetween = (from: string, to: string): number =>
  Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
