import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { pino, type Logger } from 'pino';
import { paletteFor } from './output.js';
import { logLine } from './render/log-line.js';

/** A structured log in a file: one JSON object per line, with ISO times. */
export function fileLogger(path: string): Logger {
  mkdirSync(dirname(path), { recursive: true });
  // Writes are synchronous, so that the log is complete after a crash.
  return pino({ timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: path, sync: true }));
}

/** The log of a worker on stderr: JSON for journald, containers and schedulers, plain lines on a terminal. */
export function stderrLogger(): Logger {
  const options = { timestamp: pino.stdTimeFunctions.isoTime };
  if (!process.stderr.isTTY) return pino(options, pino.destination({ dest: 2, sync: true }));
  const colors = paletteFor(process.stderr);
  return pino(options, { write: (json) => process.stderr.write(`${logLine(json, colors)}\n`) });
}
