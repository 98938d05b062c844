import { z } from 'zod';
import { jobSchema, type Job } from '../job.js';
import { runEventSchema, type RunEventBody } from '../../run-event.js';

/**
 * What the broker's KV holds of an artifact being made (bucket haf_units, key = `workItemKey`). The queue only wakes
 * workers; who may do and settle the job is decided here, by compare-and-swap on the key's revision. A late ack of a
 * stale holder is accepted by any nats-server, so an ack fences nothing (messaging measurements, section 2).
 */
export const workItemSchema = z.object({
  v: z.literal(1),
  job: jobSchema,
  /** Counts the times it was queued; a message of an earlier count is out of date. */
  ticket: z.number().int(),
  state: z.enum(['queued', 'running', 'settled', 'withdrawn']),
  /** The runs that wait for the artifact. */
  runs: z.array(z.string()),
  /** Random token of the lease that holds it. */
  holder: z.string().nullable(),
  /** Stream sequence of the message the holder was woken by: the same message again means the holder fell silent. */
  message: z.number().int().nullable(),
  /** Failures, and workers that vanished, since it was queued. */
  attempts: z.number().int(),
  lapses: z.number().int(),
  /** Workers that cannot do it, and what is told when there is no other. */
  declinedBy: z.array(z.string()),
  refusal: runEventSchema.nullable(),
  /** What was told when it was settled; told again when the teller may have died on the way. */
  end: z.object({ id: z.string(), event: runEventSchema }).nullable(),
});
export type WorkItem = z.infer<typeof workItemSchema>;

const queued = (job: Job, ticket: number): WorkItem => ({
  ...{ v: 1, job, ticket, state: 'queued', runs: [job.run], holder: null, message: null },
  ...{ attempts: 0, lapses: 0, declinedBy: [], refusal: null, end: null },
});

const isOpen = ({ state }: WorkItem): boolean => state === 'queued' || state === 'running';

/** After `job.run` asked for the artifact. */
export function asked(item: WorkItem | null, job: Job): WorkItem {
  if (!item || !isOpen(item)) return queued(job, (item?.ticket ?? 0) + 1);
  if (item.runs.includes(job.run)) return item;
  return { ...item, runs: [...item.runs, job.run] };
}

/** A message as a worker got it. */
export interface Delivery {
  readonly job: Job;
  readonly ticket: number;
  readonly seq: number;
  readonly worker: string;
  /** Token of the lease it would become. */
  readonly holder: string;
}

export type Claim =
  | { readonly kind: 'mine'; readonly item: WorkItem }
  /** Its workers vanished again and again. */
  | { readonly kind: 'vanished'; readonly item: WorkItem }
  /** It is settled; whoever did that may have died before telling. */
  | { readonly kind: 'settled'; readonly item: WorkItem }
  /** This worker cannot do it, another has to. */
  | { readonly kind: 'declined'; readonly item: WorkItem }
  /** Out of date, or a second message of the same ticket. */
  | { readonly kind: 'stale' };

/** What a delivery means, given where the work item stands. */
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

/** Queued again for a reason; null when the holder holds it no more. */
export const requeued = (
  item: WorkItem | null,
  holder: string,
  change: Partial<WorkItem> = {},
): WorkItem | null =>
  item?.state === 'running' && item.holder === holder
    ? { ...item, state: 'queued', holder: null, message: null, ...change }
    : null;

/**
 * Queued again because its message is gone; null when it has changed since it was looked at (`seen`).
 *
 * @param ticket the last one that was given out: the broker drops a message of a ticket that it had within two minutes
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

/** Settled with what is told of it; null when the holder holds it no more. */
export function settled(
  item: WorkItem | null,
  holder: string,
  end: { readonly id: string; readonly event: RunEventBody },
): WorkItem | null {
  // The call may have arrived before its answer was lost.
  if (item?.end?.id === end.id) return item;
  if (item?.state !== 'running' || item.holder !== holder) return null;
  return { ...item, state: 'settled', holder: null, message: null, end };
}

/** Without a run that waits for it; withdrawn when it was the last. Running jobs are touched with `running` only. */
export function abandoned(item: WorkItem | null, run: string, running: boolean): WorkItem | null {
  if (!item?.runs.includes(run) || !isOpen(item)) return null;
  if (item.state === 'running' && !running) return null;
  const runs = item.runs.filter((other) => other !== run);
  const [heir] = runs;
  // A message of the queue names its run: the other run's gets one of its own.
  if (heir !== undefined)
    return item.state === 'queued' && item.job.run === run
      ? { ...item, runs, job: { ...item.job, run: heir }, ticket: item.ticket + 1 }
      : { ...item, runs };
  return { ...item, runs, state: 'withdrawn', holder: null, message: null };
}
