import { spawnSync } from 'node:child_process';
import { chromium, type Browser } from 'playwright-core';

/** A Chromium of the PATH that starts; says so and gives null when there is none. */
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

/** The sandbox of Chromium does not start as root, and the pages are our own. */
export const startBrowser = (program: string | null): Promise<Browser> =>
  chromium.launch({ executablePath: program ?? '', args: ['--no-sandbox'] });
