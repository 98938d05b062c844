import { totalmem } from 'node:os';

/** Bytes of memory that this process may use: the limit of its container, if there is one. */
export function usableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
