import type { RunEventBody } from '../../run-event.js';
import type { JobClass } from '../../stage.js';
import type { Job } from '../job.js';

// Names of the streams, buckets and subjects of the pipeline. Permissions (pipeline/broker) and the shipped server
// configuration use the same names.

export const jobStream = 'HAF_JOBS';
export const eventStream = 'HAF_EVENTS';
export const deadLetterStream = 'HAF_DLQ';
export const workItemBucket = 'haf_units';
export const memberBucket = 'haf_members';

/** Name of the durable pull consumer for a class of jobs. */
export const consumerOf = (jobClass: JobClass): string => jobClass;

/** A name as one token of a subject: without dots, spaces and wildcards. Different names give different tokens. */
export const token = (name: string): string =>
  name.replace(/[^A-Za-z0-9_-]/g, (character) => `=${character.codePointAt(0)?.toString(16)}=`);

/** The inverse of `token`. */
export const untoken = (name: string): string =>
  name.replace(/=([0-9a-f]+)=/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)));

export const jobSubject = ({ class: jobClass, stage, run, artifact }: Job): string =>
  `haf.v1.job.${jobClass}.${stage}.${token(run)}.${artifact.slice(0, 16)}`;
export const jobsOf = (jobClass: JobClass): string => `haf.v1.job.${jobClass}.>`;
export const allJobs = 'haf.v1.job.>';

/** `haf.v1.ev.<run>.<stage>.<type>`. For example, `haf.v1.ev.*.evaluate.job-done` selects the results of all runs. */
export const eventSubject = (run: string, event: RunEventBody): string =>
  `haf.v1.ev.${token(run)}.${'stage' in event ? event.stage : 'run'}.${event.type}`;
export const eventsOf = (run: string): string => `haf.v1.ev.${token(run)}.>`;
export const allEvents = 'haf.v1.ev.>';

export const deadJob = 'haf.v1.dlq.job';
export const deadEvent = 'haf.v1.dlq.event';
export const allDeadLetters = 'haf.v1.dlq.>';

/**
 * Subject of the message that tells workers to read their work items again. The message is empty: only the work items
 * say what was cancelled.
 */
export const cancelSubject = (run: string): string => `haf.v1.ctl.${token(run)}.cancel`;
export const allCancels = 'haf.v1.ctl.*.cancel';
