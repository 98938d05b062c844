import { spawnSync } from 'node:child_process';

/**
 * An environment in which a process sees a clock that is ahead of the real time by `minutes`. Returns null, with a note
 * on the console, if faketime is not installed. (The faketime program itself is not used to start the process, because
 * it would be a process between the test and the tested one.)
 */
export function skewedClock(minutes: number): NodeJS.ProcessEnv | null {
  const { stdout } = spawnSync('faketime', ['-f', '+1m', 'env'], { encoding: 'utf8' });
  const library = /^LD_PRELOAD=(.+)$/m.exec(stdout ?? '')?.[1];
  if (library !== undefined)
    return { LD_PRELOAD: library, FAKETIME: `+${minutes}m`, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
  console.warn('SKIPPED: no faketime (apt install faketime)');
  return null;
}
