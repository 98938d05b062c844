import { spawnSync } from 'node:child_process';

/**
 * Environment in which a process sees a clock that is ahead; null, with a word on the console, without faketime. (The
 * program itself would stand between the test and its process.)
 */
export function skewedClock(minutes: number): NodeJS.ProcessEnv | null {
  const { stdout } = spawnSync('faketime', ['-f', '+1m', 'env'], { encoding: 'utf8' });
  const library = /^LD_PRELOAD=(.+)$/m.exec(stdout ?? '')?.[1];
  if (library !== undefined)
    return { LD_PRELOAD: library, FAKETIME: `+${minutes}m`, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
  console.warn('SKIPPED: no faketime (apt install faketime)');
  return null;
}
