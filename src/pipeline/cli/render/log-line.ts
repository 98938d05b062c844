import { visibleIn } from '../../core/visible.js';
import type { paletteFor } from '../output.js';

interface LogRecord {
  readonly level: number;
  readonly time: string;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

const levels: Readonly<Record<number, string>> = { 30: 'info', 40: 'warn', 50: 'error' };
/** Fields that are the same in every line of one terminal. They are not shown. */
const known: readonly string[] = ['pid', 'hostname', 'worker'];

/** A JSON line of a log as text for people: time of day, level, message, fields. */
export function logLine(json: string, colors: ReturnType<typeof paletteFor>): string {
  const { level, time, msg = '', ...fields } = visibleIn(JSON.parse(json) as LogRecord);
  const paint = level >= 50 ? colors.red : level >= 40 ? colors.yellow : colors.green;
  const named = Object.entries(fields).filter(([name]) => !known.includes(name));
  const shown = named.map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const clock = new Date(time).toTimeString().slice(0, 8);
  return `${colors.dim(clock)} ${paint(levels[level] ?? `${level}`)} ${msg}  ${colors.dim(shown.join(' '))}`.trimEnd();
}
