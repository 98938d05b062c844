import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waiting times before a lookup is repeated. A shared folder may show a new file of another machine some seconds
 * late.
 */
const waitsMs = [50, 200, 1000, 3000];

/** Repeats a lookup several times until it finds something. Null if it never does. */
export async function eventually<T>(look: () => Promise<T | null>): Promise<T | null> {
  for (const ms of waitsMs) {
    const found = await look();
    if (found !== null) return found;
    await sleep(ms);
  }
  return look();
}
