import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
} from 'node:fs';
import { z } from 'zod';
import { linesOf } from '../core/lines-of.js';
import type { RunEvent } from '../run-event.js';
import { parseEvent, eventPart, type EventHead } from './event-line.js';

/** An event log that is open for writing. */
export interface OpenLog {
  /**
   * Appends an event with the next sequence number of this log, and returns the event with it. Null if the log has the
   * event already.
   *
   * @param isNew the event is of this execution, so no earlier one has written it. If false, the existing log is
   *   searched for the event.
   */
  append(event: RunEvent, isNew?: boolean): RunEvent | null;
  close(): void;
}

/** An event of which only sequence number and id are needed. */
const anyEvent = z.object({ type: z.string() });

/**
 * Minimum number of recent events whose ids are kept in memory, to recognise repeated events. A publisher repeats an
 * event within a few minutes or never. If all ids were kept, the memory of `up` would grow for as long as it runs.
 */
export const recentIds = 50_000;

const chunkBytes = 1 << 20;
const newLine = 10;

/**
 * `events.ndjson` of a run. It is read in pieces, because the log of a hundred thousand jobs has hundreds of
 * megabytes.
 */
export class EventFile {
  constructor(private readonly path: string) {}

  /** The logged events in order. A line that a crash cut off is left out. */
  *events(): Generator<RunEvent> {
    for (const line of linesOf(this.path)) {
      const event = parseEvent(line);
      if (event !== null) yield event;
    }
  }

  /**
   * The logged events with only the fields of a schema. A schema of few fields is much faster than reading whole
   * events. Events that the schema refuses are left out.
   * @param from byte at which to begin
   */
  *parts<T>(schema: z.ZodType<T>, from = 0): Generator<T & EventHead> {
    for (const line of linesOf(this.path, from)) {
      const event = eventPart(line, schema);
      if (event !== null) yield event;
    }
  }

  open(): OpenLog {
    let last = this.lastNumber();
    let [recent, older] = [new Set<string>(), new Set<string>()];
    let earlier: ReadonlySet<string> | null = null;
    const file = openSync(this.path, 'a');
    return {
      append: (event, isNew = false) => {
        if (recent.has(event.id) || older.has(event.id)) return null;
        if (isNew) earlier = null;
        else if ((earlier ??= this.ids()).has(event.id)) return null;
        recent.add(event.id);
        if (recent.size >= recentIds) [recent, older] = [new Set(), recent];
        const numbered = { ...event, seq: ++last };
        appendFileSync(file, `${JSON.stringify(numbered)}\n`);
        return numbered;
      },
      close: () => closeSync(file),
    };
  }

  /** Length of the file in bytes. 0 if the file does not exist. */
  get bytes(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
  }

  private ids(): ReadonlySet<string> {
    const ids = new Set<string>();
    for (const { id } of this.parts(anyEvent)) ids.add(id);
    return ids;
  }

  /** The sequence number of the last event, which is near the end of the file. 0 for an empty log. */
  private lastNumber(): number {
    if (!existsSync(this.path)) return 0;
    const file = openSync(this.path, 'r');
    try {
      const { size } = fstatSync(file);
      const tail = Buffer.alloc(Math.min(size, chunkBytes));
      readSync(file, tail, 0, tail.length, size - tail.length);
      for (const line of tail.toString('utf8').split('\n').reverse()) {
        const event = eventPart(line, anyEvent);
        if (event !== null) return event.seq;
      }
    } finally {
      closeSync(file);
    }
    let last = 0;
    for (const { seq } of this.parts(anyEvent)) last = seq;
    return last;
  }

  /** Removes an incomplete last line, so that the log can be appended to. */
  mend(): void {
    if (!existsSync(this.path)) return;
    const file = openSync(this.path, 'r+');
    try {
      const { size } = fstatSync(file);
      const chunk = Buffer.alloc(chunkBytes);
      for (let end = size; end > 0; end -= Math.min(end, chunkBytes)) {
        const start = Math.max(0, end - chunkBytes);
        const read = readSync(file, chunk, 0, end - start, start);
        const at = chunk.subarray(0, read).lastIndexOf(newLine);
        if (at < 0) continue;
        if (start + at + 1 < size) ftruncateSync(file, start + at + 1);
        return;
      }
      ftruncateSync(file, 0);
    } finally {
      closeSync(file);
    }
  }
}
