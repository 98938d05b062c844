import { z } from 'zod';
import { jobSchema, type Job } from '../job.js';
import { runEventSchema, type RunEventBody } from '../../run-event.js';

/**
 * State of an artifact that is being made, in the broker's KV (bucket haf_units, key = `workItemKey`). The queue only wakes
 * workers. A compare-and-swap on the key's revision decides which worker may do and settle the job. The ack of a message
 * cannot decide it: any nats-server accepts a late ack of a stale holder.
 */
export const workItemSchema = z.object({
  v: z.literal(1),
  job: jobSchema,
  /** Number of times the item was queued. A message with a smaller number is out of date. */
  ticket: z.number().int(),
  state: z.enum(['queued', 'running', 'settled', 'withdrawn']),
  /** The runs that wait for the artifact. */
  runs: z.array(z.string()),
  /** Random token of the lease that holds the item. */
  holder: z.string().nullable(),
  /**
   * Sequence number of the message that woke the holder. A second delivery of this message means that the holder is
   * silent.
   */
  message: z.number().int().nullable(),
  /** Number of failures and vanished workers since the item was queued. */
  attempts: z.number().int(),
  lapses: z.number().int(),
  /** Workers that declined the job, and the event to publish when no other worker is left. */
  declinedBy: z.array(z.string()),
  refusal: runEventSchema.nullable(),
  /**
   * The event that reports how the item was settled. It is published again if the worker that settled the item may
   * have died before publishing.
   */
  end: z.object({ id: z.string(), event: runEventSchema }).nullable(),
});
export type WorkItem = z.infer<typeof workItemSchema>;

const queued = (job: Job, ticket: number): WorkItem => ({
  ...{ v: 1, job, ticket, state: 'queued', runs: [job.run], holder: null, message: null },
  ...{ attempts: 0, lapses: 0, declinedBy: [], refusal: null, end: null },
});

const isOpen = ({ state }: WorkItem): boolean => state === 'queued' || state === 'running';

/** The item after `job.run` has asked for the artifact. */
export function asked(item: WorkItem | null, job: Job): WorkItem {
  if (!item || !isOpen(item)) return queued(job, (item?.ticket ?? 0) + 1);
  if (item.runs.includes(job.run)) return item;
  return { ...item, runs: [...item.runs, job.run] };
}

/** A message as delivered to a worker. */
export interface Delivery {
  readonly job: Job;
  readonly ticket: number;
  readonly seq: number;
  readonly worker: string;
  /** Token of the lease that the delivery may become. */
  readonly holder: string;
}

export type Claim =
  | { readonly kind: 'mine'; readonly item: WorkItem }
  /** Too many workers that held the item vanished. */
  | { readonly kind: 'vanished'; readonly item: WorkItem }
  /** The item is settled. The worker that settled it may have died before it published the event. */
  | { readonly kind: 'settled'; readonly item: WorkItem }
  /** This worker has declined the job. Another worker must do it. */
  | { readonly kind: 'declined'; readonly item: WorkItem }
  /** The message is out of date, or another message of the same ticket has woken the worker that holds the job. */
  | { readonly kind: 'stale' };

/** What a delivery means for the present state of the work item. */
export function claimed(item: WorkItem | null, delivery: Delivery, maxLapses: number): Claim {
  const { job, ticket, seq, worker, holder } = delivery;
  const mine = (from: WorkItem, lapses: number): Claim => ({
    kind: 'mine',
    item: { ...from, state: 'running', holder, message: seq, lapses },
  });
  if (!item) return mine(queued(job, ticket), 0);
  if (ticket < item.ticket || item.state === 'withdrawn') return { kind: 'stale' };
  if (item.state === 'settled') return { kind: 'settled', item };
  if (item.holder === holder) return { kind: 'mine', item };
  if (item.state === 'running' && item.message !== seq) return { kind: 'stale' };
  if (item.declinedBy.includes(worker)) return { kind: 'declined', item };
  if (item.state === 'queued') return mine(item, item.lapses);
  const lapses = item.lapses + 1;
  return lapses < maxLapses ? mine(item, lapses) : { kind: 'vanished', item: { ...item, lapses } };
}

/** The item queued again by its holder. Null when this holder has lost the lease. */
export const requeued = (
  item: WorkItem | null,
  holder: string,
  change: Partial<WorkItem> = {},
): WorkItem | null =>
  item?.state === 'running' && item.holder === holder
    ? { ...item, state: 'queued', holder: null, message: null, ...change }
    : null;

/**
 * The item queued again because its message is gone. Null when the item has changed since `seen` was read.
 *
 * @param ticket the last ticket that was used. The broker drops a second message of a ticket within two minutes, so the next one is higher
 */
export function requeuedAfterLoss(
  item: WorkItem | null,
  seen: WorkItem | null,
  job: Job,
  ticket: number,
): WorkItem | null {
  if (!item) return queued(job, ticket + 1);
  if (!isOpen(item) || item.ticket !== seen?.ticket || item.holder !== seen.holder) return null;
  return { ...item, job, state: 'queued', holder: null, message: null, ticket: ticket + 1 };
}

/** The item settled by its holder with the event to publish. Null when this holder has lost the lease. */
export function settled(
  item: WorkItem | null,
  holder: string,
  end: { readonly id: string; readonly event: RunEventBody },
): WorkItem | null {
  // This call is a retry: the first call has settled the item, but its answer was lost.
  if (item?.end?.id === end.id) return item;
  if (item?.state !== 'running' || item.holder !== holder) return null;
  return { ...item, state: 'settled', holder: null, message: null, end };
}

/**
 * The item without `run`. It is withdrawn when no run is left. A job that a worker holds is changed only if `running` is
 * true.
 */
export function abandoned(item: WorkItem | null, run: string, running: boolean): WorkItem | null {
  if (!item?.runs.includes(run) || !isOpen(item)) return null;
  if (item.state === 'running' && !running) return null;
  const runs = item.runs.filter((other) => other !== run);
  const [heir] = runs;
  // The queue's message names the run that leaves. So a new message is needed that names the remaining run.
  if (heir !== undefined)
    return item.state === 'queued' && item.job.run === run
      ? { ...item, runs, job: { ...item.job, run: heir }, ticket: item.ticket + 1 }
      : { ...item, runs };
  return { ...item, runs, state: 'withdrawn', holder: null, message: null };
}
