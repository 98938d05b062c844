import { totalmem } from 'node:os';

/** Bytes of memory this process may use: the container's limit where there is one. */
export function usableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
