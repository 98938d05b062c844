import type { Job } from '../bus/job.js';
import type { WorkerObserver } from './worker-observer.js';

/** A structured log, such as pino's. */
export interface Log {
  info(about: object, message: string): void;
  warn(about: object, message: string): void;
  error(about: object, message: string): void;
  /** Adds these fields to every later line. */
  setBindings(fields: object): void;
}

/** Logs what a worker does; the fields are those of docs/observability.md. */
export const logObserver = (log: Log): Partial<WorkerObserver> => ({
  joined: ({ id, classes, slots, backend, codeVersion }) => {
    log.setBindings({ worker: id });
    log.info({ classes, slots, backend, version: codeVersion }, 'worker ready');
  },
  claimed: (job, attempt) => log.info(aboutOf(job, attempt), 'job claimed'),
  settled: (job, { outcome, attempt, seconds, readSeconds, computeSeconds, error }) => {
    const about = {
      ...aboutOf(job, attempt),
      ...{ outcome, seconds: rounded(seconds) },
      ...(readSeconds === undefined ? {} : { read: rounded(readSeconds) }),
      ...(computeSeconds === undefined ? {} : { compute: rounded(computeSeconds) }),
    };
    if (outcome === 'committed') log.info(about, 'job done');
    else if (outcome === 'released') log.info(about, 'job handed back');
    else if (outcome === 'fenced') log.info(about, 'job taken away');
    else log.warn({ ...about, code: error?.code }, error?.message ?? 'job failed');
  },
  broken: (error) => log.error({ code: error.code }, `takes no more jobs: ${error.message}`),
});

const aboutOf = ({ run, key, stage }: Job, attempt: number): object => ({ run, job: key, stage, attempt });

const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;
