import { appendFileSync, closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { linesOf } from '../core/lines-of.js';
import { runEventSchema, type RunEvent } from '../run-event.js';

/** What every event has besides its own fields. */
type Head = Pick<RunEvent, 'v' | 'id' | 'seq' | 'at'>;

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

const chunkBytes = 1 << 20;
const newLine = 10;

/** `events.ndjson` of a run: read in pieces, because the log of a hundred thousand jobs has hundreds of megabytes. */
export class EventFile {
  constructor(private readonly path: string) {}

  /** The logged events in order; a line torn by a crash is left out. */
  *events(): Generator<RunEvent> {
    for (const line of linesOf(this.path)) {
      const event = eventIn(line);
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

  private ids(): ReadonlySet<string> {
    const ids = new Set<string>();
    for (const { id } of this.events()) ids.add(id);
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
        const event = eventIn(line);
        if (event !== null) return event.seq;
      }
    } finally {
      closeSync(file);
    }
    let last = 0;
    for (const { seq } of this.events()) last = seq;
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

/** The event of a line; null for a torn one, and for one that is no event. */
function eventIn(line: string): RunEvent | null {
  const value = parseOrNull(line);
  if (!isHead(value)) return null;
  const body = runEventSchema.safeParse(value);
  const { v, id, seq, at } = value;
  return body.success ? { ...body.data, v, id, seq, at } : null;
}

/** Compared by hand: the log of a hundred thousand jobs has half a million lines. */
function isHead(value: unknown): value is Head {
  if (typeof value !== 'object' || value === null) return false;
  const { v, id, seq, at } = value as Partial<Record<keyof Head, unknown>>;
  return v === 1 && typeof id === 'string' && Number.isInteger(seq) && typeof at === 'string';
}

function parseOrNull(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
