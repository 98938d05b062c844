import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ExitCode } from '../core/errors.js';
import type { UpOptions } from './options.js';
import { say } from './output.js';
import { synth } from './synth.js';
import { up } from './up.js';
import { packageFolder } from './version.js';

/** `quickstart`: the options of `up` without experiment and cohort, which are fixed. */
export interface QuickstartOptions extends Omit<UpOptions, 'config' | 'data'> {
  readonly patients: number;
}

/** Folder of the synthetic cohort, relative to the working directory. */
const cohort = join('data', 'synthetic');

/** A file beside the cohort. It holds the settings the cohort was made with, or "unfinished" while it is written. */
const stamp = `${cohort}.settings.json`;

/**
 * `quickstart`: makes a synthetic cohort, unless it exists, and runs examples/quickstart.yaml of this package on it.
 */
export async function quickstart({ patients, ...options }: QuickstartOptions): Promise<ExitCode> {
  await makeCohort({ patients, seed: 1, width: 64, slides: true });
  const config = join(packageFolder(), 'examples', 'quickstart.yaml');
  say(`experiment: ${config}`);
  return up({ ...options, config, data: cohort });
}

/** A folder without the settings file belongs to the user and is not changed. */
async function makeCohort(settings: Parameters<typeof synth>[1]): Promise<void> {
  const wanted = JSON.stringify(settings);
  const made = existsSync(stamp) ? readFileSync(stamp, 'utf8') : null;
  if (existsSync(cohort) && made === null) return say(`using the existing ${cohort}`);
  if (existsSync(cohort) && made === wanted) return;
  rmSync(cohort, { recursive: true, force: true });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, 'unfinished');
  await synth(cohort, settings);
  writeFileSync(stamp, wanted);
}
