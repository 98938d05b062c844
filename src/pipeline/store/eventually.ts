import { setTimeout as sleep } from 'node:timers/promises';

/** A shared folder may show another machine's new file some seconds late. */
const waitsMs = [50, 200, 1000, 3000];

/** Asks again for a while when there is nothing yet; null if it stays so. */
export async function eventually<T>(look: () => Promise<T | null>): Promise<T | null> {
  for (const ms of waitsMs) {
    const found = await look();
    if (found !== null) return found;
    await sleep(ms);
  }
  return look();
}
