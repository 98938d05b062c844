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
import { parseEvent, partOf, type EventHead } from './event-line.js';

/** A log that is open to be written to. */
export interface OpenLog {
  /**
   * Writes an event under the next number of this log, and returns it so; null when it is there already.
   *
   * @param isNew no earlier execution can have written it. The log of earlier executions is read only for other events.
   */
  append(event: RunEvent, isNew?: boolean): RunEvent | null;
  close(): void;
}

/** An event of which the number and the id alone count. */
const anyEvent = z.object({ type: z.string() });

const chunkBytes = 1 << 20;
const newLine = 10;

/** `events.ndjson` of a run: read in pieces, because the log of a hundred thousand jobs has hundreds of megabytes. */
export class EventFile {
  constructor(private readonly path: string) {}

  /** The logged events in order; a line torn by a crash is left out. */
  *events(): Generator<RunEvent> {
    for (const line of linesOf(this.path)) {
      const event = parseEvent(line);
      if (event !== null) yield event;
    }
  }

  /** What a schema takes of the logged events: of few fields it costs a fraction of the whole. Events that it refuses are left out. @param from byte at which to begin */
  *parts<T>(schema: z.ZodType<T>, from = 0): Generator<T & EventHead> {
    for (const line of linesOf(this.path, from)) {
      const event = partOf(line, schema);
      if (event !== null) yield event;
    }
  }

  open(): OpenLog {
    let last = this.lastNumber();
    const written = new Set<string>();
    let earlier: ReadonlySet<string> | null = null;
    const file = openSync(this.path, 'a');
    return {
      append: (event, isNew = false) => {
        if (written.has(event.id)) return null;
        if (!isNew && (earlier ??= this.ids()).has(event.id)) return null;
        written.add(event.id);
        const numbered = { ...event, seq: ++last };
        appendFileSync(file, `${JSON.stringify(numbered)}\n`);
        return numbered;
      },
      close: () => closeSync(file),
    };
  }

  /** Length of the file in bytes; 0 when there is none. */
  get bytes(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
  }

  private ids(): ReadonlySet<string> {
    const ids = new Set<string>();
    for (const { id } of this.parts(anyEvent)) ids.add(id);
    return ids;
  }

  /** The number of the last event, which stands near the end of the file; 0 for an empty log. */
  private lastNumber(): number {
    if (!existsSync(this.path)) return 0;
    const file = openSync(this.path, 'r');
    try {
      const { size } = fstatSync(file);
      const tail = Buffer.alloc(Math.min(size, chunkBytes));
      readSync(file, tail, 0, tail.length, size - tail.length);
      for (const line of tail.toString('utf8').split('\n').reverse()) {
        const event = partOf(line, anyEvent);
        if (event !== null) return event.seq;
      }
    } finally {
      closeSync(file);
    }
    let last = 0;
    for (const { seq } of this.parts(anyEvent)) last = seq;
    return last;
  }

  /** Removes a torn last line, so that the log can be appended to. */
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
