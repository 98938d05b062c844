import { readFileSync } from 'node:fs';

/** Limits that batch systems and shells set for a process. Null if unlimited or unknown. */
export interface MachineLimits {
  /** `ulimit -n`. */
  readonly openFiles: number | null;
  /** Maximum size of the virtual memory in bytes (`ulimit -v`). */
  readonly addressSpace: number | null;
}

const softLimit = (text: string, name: string): number | null => {
  const value = new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(text)?.[1];
  return value === undefined ? null : Number(value);
};

/** Reads `/proc/<pid>/limits` of Linux. */
export const parseLimits = (text: string): MachineLimits => ({
  openFiles: softLimit(text, 'Max open files'),
  addressSpace: softLimit(text, 'Max address space'),
});

let known: MachineLimits | null = null;

/**
 * The limits of this process. They are read once, early, because a process that has reached its limit of open files
 * cannot open /proc/self/limits either.
 */
export function machineLimits(): MachineLimits {
  if (known !== null) return known;
  try {
    known = parseLimits(readFileSync('/proc/self/limits', 'utf8'));
    return known;
  } catch {
    return { openFiles: null, addressSpace: null };
  }
}
