import { appendFileSync, closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { z } from 'zod';
import { linesOf } from '../core/lines-of.js';
import { runEventSchema, type RunEvent } from '../run-event.js';

/** What every event has besides its own fields. */
const headSchema = z.object({ v: z.literal(1), id: z.string(), seq: z.number().int(), at: z.string() });

/** A log that is open to be written to. */
export interface OpenLog {
  /** Writes an event under the next number of this log, and returns it so; null when it is there already. */
  append(event: RunEvent): RunEvent | null;
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
      const value = parseOrNull(line);
      const head = headSchema.safeParse(value);
      if (!head.success) continue;
      const body = runEventSchema.safeParse(value);
      if (body.success) yield { ...body.data, ...head.data };
    }
  }

  open(): OpenLog {
    const known = new Set<string>();
    let last = 0;
    for (const { id, seq } of this.events()) {
      known.add(id);
      last = seq;
    }
    const file = openSync(this.path, 'a');
    return {
      append: (event) => {
        if (known.has(event.id)) return null;
        known.add(event.id);
        const numbered = { ...event, seq: ++last };
        appendFileSync(file, `${JSON.stringify(numbered)}\n`);
        return numbered;
      },
      close: () => closeSync(file),
    };
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

function parseOrNull(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
