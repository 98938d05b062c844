import { spawnSync } from 'node:child_process';
import { chromium, type Browser } from 'playwright-core';

/** Finds a Chromium on the PATH that starts. If there is none, prints a note and returns null. */
export function browserProgram(): string | null {
  const found = ['chromium', 'chromium-browser', 'google-chrome'].find(
    (program) => spawnSync(program, ['--version']).status === 0,
  );
  if (found === undefined) {
    console.warn('SKIPPED: no chromium, chromium-browser or google-chrome on this machine');
    return null;
  }
  return spawnSync('which', [found], { encoding: 'utf8' }).stdout.trim();
}

/** Chromium's sandbox cannot start as root. The tests only open pages of this project, so it is not needed. */
export const startBrowser = (program: string | null): Promise<Browser> =>
  chromium.launch({ executablePath: program ?? '', args: ['--no-sandbox'] });
