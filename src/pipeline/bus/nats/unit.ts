import { z } from 'zod';
import { jobSchema, type Job } from '../job.js';
import { runEventSchema, type RunEventBody } from '../../run-event.js';

/**
 * What the broker's KV holds of an artifact being made (bucket haf_units, key = `unitKey`). The queue only wakes
 * workers; who may do and settle the job is decided here, by compare-and-swap on the key's revision. A late ack of a
 * stale holder is accepted by any nats-server, so an ack fences nothing (messaging measurements, section 2).
 */
export const unitSchema = z.object({
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
export type Unit = z.infer<typeof unitSchema>;

const queued = (job: Job, ticket: number): Unit => ({
  ...{ v: 1, job, ticket, state: 'queued', runs: [job.run], holder: null, message: null },
  ...{ attempts: 0, lapses: 0, declinedBy: [], refusal: null, end: null },
});

const isOpen = ({ state }: Unit): boolean => state === 'queued' || state === 'running';

/** After `job.run` asked for the artifact. */
export function asked(unit: Unit | null, job: Job): Unit {
  if (!unit || !isOpen(unit)) return queued(job, (unit?.ticket ?? 0) + 1);
  if (unit.runs.includes(job.run)) return unit;
  return { ...unit, runs: [...unit.runs, job.run] };
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
  | { readonly kind: 'mine'; readonly unit: Unit }
  /** Its workers vanished again and again. */
  | { readonly kind: 'vanished'; readonly unit: Unit }
  /** It is settled; whoever did that may have died before telling. */
  | { readonly kind: 'settled'; readonly unit: Unit }
  /** This worker cannot do it, another has to. */
  | { readonly kind: 'declined'; readonly unit: Unit }
  /** Out of date, or a second message of the same ticket. */
  | { readonly kind: 'stale' };

/** What a delivery means, given where the unit stands. */
export function claimed(unit: Unit | null, delivery: Delivery, maxLapses: number): Claim {
  const { job, ticket, seq, worker, holder } = delivery;
  const mine = (from: Unit, lapses: number): Claim => ({
    kind: 'mine',
    unit: { ...from, state: 'running', holder, message: seq, lapses },
  });
  if (!unit) return mine(queued(job, ticket), 0);
  if (ticket < unit.ticket || unit.state === 'withdrawn') return { kind: 'stale' };
  if (unit.state === 'settled') return { kind: 'settled', unit };
  if (unit.holder === holder) return { kind: 'mine', unit };
  if (unit.state === 'running' && unit.message !== seq) return { kind: 'stale' };
  if (unit.declinedBy.includes(worker)) return { kind: 'declined', unit };
  if (unit.state === 'queued') return mine(unit, unit.lapses);
  const lapses = unit.lapses + 1;
  return lapses < maxLapses ? mine(unit, lapses) : { kind: 'vanished', unit: { ...unit, lapses } };
}

/** Queued again for a reason; null when the holder holds it no more. */
export const requeued = (unit: Unit | null, holder: string, change: Partial<Unit> = {}): Unit | null =>
  unit?.state === 'running' && unit.holder === holder
    ? { ...unit, state: 'queued', holder: null, message: null, ...change }
    : null;

/** Settled with what is told of it; null when the holder holds it no more. */
export function settled(
  unit: Unit | null,
  holder: string,
  end: { readonly id: string; readonly event: RunEventBody },
): Unit | null {
  // The call may have arrived before its answer was lost.
  if (unit?.end?.id === end.id) return unit;
  if (unit?.state !== 'running' || unit.holder !== holder) return null;
  return { ...unit, state: 'settled', holder: null, message: null, end };
}

/** Without a run that waits for it; withdrawn when it was the last. Running jobs are touched with `running` only. */
export function abandoned(unit: Unit | null, run: string, running: boolean): Unit | null {
  if (!unit?.runs.includes(run) || !isOpen(unit)) return null;
  if (unit.state === 'running' && !running) return null;
  const runs = unit.runs.filter((other) => other !== run);
  const [heir] = runs;
  // A message of the queue names its run: the other run's gets one of its own.
  if (heir !== undefined)
    return unit.state === 'queued' && unit.job.run === run
      ? { ...unit, runs, job: { ...unit.job, run: heir }, ticket: unit.ticket + 1 }
      : { ...unit, runs };
  return { ...unit, runs, state: 'withdrawn', holder: null, message: null };
}
