import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { makeCohort } from '../../src/operators/synthetic/make-cohort.js';
import type { Changes } from './resolved-config.js';

/**
 * Instance length of the small cohort. It is shorter than the usual 1024, because tests are then faster and still find
 * a signal.
 */
const width = 24;

let made: Promise<string> | null = null;

/** A folder with a small synthetic cohort, made once per test process. */
const original = (): Promise<string> => {
  made ??= (async () => {
    const out = mkdtempSync(join(tmpdir(), 'haf-cohort-'));
    await makeCohort({ out, patients: 48, seed: 3, width });
    return out;
  })();
  return made;
};

/** Makes a working folder with its own copy of the cohort in `data/`, and an experiment with two folds and few epochs. */
export async function workFolder(changes: Changes = {}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'haf-work-'));
  cpSync(await original(), join(folder, 'data'), { recursive: true });
  const experiment: Changes = {
    name: 'small',
    methods: ['haf', 'all_mlp', 'blood'],
    cohort: { require: [] },
    cv: { folds: 2 },
    train: { epochs: 4, lr: 1e-3, batch: 16 },
    ...changes,
    data: {
      root: 'data',
      ...changes.data,
      modalities: { WSI: { width }, TMA: { width }, ...changes.data?.modalities },
    },
  };
  writeFileSync(join(folder, 'experiment.yaml'), stringify(experiment));
  return folder;
}

/** The only run directory below `runs/`. */
export function runFolder(folder: string): string {
  const [run, ...others] = readdirSync(join(folder, 'runs'));
  if (!run || others.length > 0) throw new Error(`expected one run, found ${[run, ...others].join(', ')}`);
  return join(folder, 'runs', run);
}

/** All predictions of a run as one text, to compare runs byte by byte. */
export function predictionsOf(folder: string): string {
  const folds = join(runFolder(folder), 'folds');
  const files = readdirSync(folds, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('predictions.csv'),
  );
  if (files.length === 0) throw new Error('the run has no predictions');
  return files
    .sort()
    .map((name) => `${name}\n${readFileSync(join(folds, name), 'utf8')}`)
    .join('\n');
}

/** Changes the text of a file of the cohort. */
export function edit(folder: string, file: string, change: (text: string) => string): void {
  const path = join(folder, 'data', file);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}
