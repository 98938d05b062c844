import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { pino, type Logger } from 'pino';

/** A structured log in a file: one JSON object a line, with ISO times. */
export function fileLogger(path: string): Logger {
  mkdirSync(dirname(path), { recursive: true });
  // Synchronous: what was logged before a crash is there.
  return pino({ timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: path, sync: true }));
}

/** The log of a worker, on stderr: for journald, containers and schedulers, which keep it. */
export const stderrLogger = (worker: string): Logger =>
  pino(
    { base: { worker }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
