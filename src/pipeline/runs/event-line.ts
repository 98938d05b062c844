import type { z } from 'zod';
import { modalityName } from '../core/modality.js';
import { runEventSchema, type RunEvent } from '../run-event.js';
import { stageNames } from '../stage.js';

/** The fields that every event has. */
export type EventHead = Pick<RunEvent, 'v' | 'id' | 'seq' | 'at'>;

/**
 * The event in a line of a log. Null for an incomplete line or an event of another version. The function accepts
 * exactly the events that `runEventSchema` accepts. Nearly all lines of a large log say that a job is queued, started,
 * trained or done. `isUsual` checks these lines without the schema, because the schema is many times slower.
 */
export function parseEvent(line: string): RunEvent | null {
  const value = parseOrNull(line);
  if (!isHead(value)) return null;
  return isUsual(value) ? value : partOfValue(value, runEventSchema);
}

/**
 * The event of a line with only the fields of a schema. Null for an incomplete line, and for an event that the schema
 * refuses.
 */
export function eventPart<T>(line: string, schema: z.ZodType<T>): (T & EventHead) | null {
  const value = parseOrNull(line);
  return isHead(value) ? partOfValue(value, schema) : null;
}

function partOfValue<T>(value: EventHead, schema: z.ZodType<T>): (T & EventHead) | null {
  const body = schema.safeParse(value);
  const { v, id, seq, at } = value;
  return body.success ? { ...body.data, v, id, seq, at } : null;
}

type Fields = Readonly<Record<string, unknown>>;

/** Number of fields of every job event: the four of `EventHead`, and type, job, stage, unit and artifact. */
const jobFields = 9;
const stages: ReadonlySet<unknown> = new Set(stageNames);

/** Whether a value is one of the frequent events without any further field. If false, the schema decides. */
function isUsual(value: EventHead): value is RunEvent {
  const fields = value as EventHead & Fields;
  const { type, job, stage, unit, artifact, metrics } = fields;
  if (typeof job !== 'string' || !stages.has(stage) || !isUsualUnit(unit) || typeof artifact !== 'string')
    return false;
  const more = Object.keys(fields).length - jobFields;
  switch (type) {
    case 'job-queued':
      return more === 0;
    case 'job-cached':
      return more === 0 || (more === 1 && isMetrics(metrics));
    case 'job-started':
      return more === 2 && typeof fields.worker === 'string' && Number.isSafeInteger(fields.attempt);
    case 'job-epoch':
      return (
        more === 3 &&
        Number.isSafeInteger(fields.epoch) &&
        Number.isSafeInteger(fields.epochs) &&
        isMetrics(metrics)
      );
    case 'job-done':
      return (
        more === 7 &&
        typeof fields.worker === 'string' &&
        Number.isFinite(fields.seconds) &&
        Number.isFinite(fields.readSeconds) &&
        Number.isFinite(fields.computeSeconds) &&
        Number.isFinite(fields.peakRssMiB) &&
        Number.isSafeInteger(fields.problems) &&
        isMetrics(metrics)
      );
    default:
      return false;
  }
}

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isMetrics(value: unknown): boolean {
  if (!isRecord(value)) return false;
  for (const name in value) if (value[name] !== null && !Number.isFinite(value[name])) return false;
  return true;
}

/** Whether a unit has only the fields that most jobs have. Other units are left to the schema. */
function isUsualUnit(value: unknown): boolean {
  if (!isRecord(value)) return false;
  for (const name in value) {
    const field = value[name];
    if (name === 'fold') {
      if (!Number.isSafeInteger(field) || Number(field) < 0) return false;
    } else if (name === 'modality') {
      if (typeof field !== 'string' || !modalityName.test(field)) return false;
    } else if (name === 'method' || name === 'file' || name === 'patient') {
      if (typeof field !== 'string') return false;
    } else return false;
  }
  return true;
}

function isHead(value: unknown): value is EventHead {
  if (typeof value !== 'object' || value === null) return false;
  const { v, id, seq, at } = value as Partial<Record<keyof EventHead, unknown>>;
  return v === 1 && typeof id === 'string' && Number.isInteger(seq) && typeof at === 'string';
}

function parseOrNull(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
