import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import { cli } from '../support/cli.js';
import { edit, runFolder, workFolder } from '../support/small-cohort.js';

const up = ['up', '-c', 'experiment.yaml'];
/** A cheap experiment that still reads all files of the cohort: it trains one method on one table for one epoch. */
const cheap = { methods: ['blood' as const], train: { epochs: 1 } };
const problemsOf = (folder: string): string => readFileSync(join(runFolder(folder), 'problems.csv'), 'utf8');
const slides = (folder: string): string[] =>
  readdirSync(join(folder, 'data/wsi'))
    .filter((name) => name.startsWith('Primary'))
    .sort();

/** Keys of the jobs that `up --json` started. */
const startedJobs = (stdout: string): string[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RunEvent)
    .flatMap((event) => (event.type === 'job-started' ? [event.job] : []));

describe('bad input', () => {
  it('names a mistyped key with its line and the key that was meant', async () => {
    const folder = await workFolder();
    writeFileSync(
      join(folder, 'experiment.yaml'),
      'name: small\nalign:\n  tauSV: 1\ntrain:\n  epochs: many\n',
    );
    const { code, stderr } = await cli(up, folder);
    expect(stderr).toMatch(/experiment\.yaml:3:\d+ .*tauSV.*did you mean "tauSv"/);
    expect(stderr).toMatch(/experiment\.yaml:5:\d+ .*train\.epochs/);
    expect(code).toBe(78);
  });

  it('names a missing data folder', async () => {
    const { code, stderr } = await cli([...up, '--data', 'nowhere'], await workFolder());
    expect(stderr).toContain('HAF_DATA_MISSING');
    expect(stderr).toContain('nowhere');
    expect(code).toBe(65);
  });

  it('lists every fault of the tables at once, with file and line, before any training', async () => {
    const folder = await workFolder();
    edit(folder, 'clinical.csv', (text) => text.replace('patient_id', 'case'));
    edit(folder, 'blood.csv', (text) => {
      const lines = text.trimEnd().split('\n');
      const [third, fourth] = [lines[2] ?? '', lines[3] ?? ''];
      lines[2] = third.replace(/,[^,]*/, ',abc');
      return `${[...lines, fourth].join('\n')}\n`;
    });
    const { code, stderr, stdout } = await cli([...up, '--json'], folder);
    expect(stderr).toContain('HAF_TABLE_INVALID');
    expect(stderr).toMatch(/clinical\.csv.*patient_id/);
    expect(stderr).toMatch(/blood\.csv:3.*abc/);
    expect(stderr).toMatch(/blood\.csv:\d+ patient_id: .* in line 4 already/);
    expect(startedJobs(stdout)).toEqual([]);
    expect(code).toBe(65);
  });

  it('goes on without bad feature files, lists them, and ends with exit code 2', async () => {
    const folder = await workFolder(cheap);
    const [first, second] = slides(folder);
    writeFileSync(join(folder, 'data/wsi', first ?? ''), 'not an HDF5 file');
    copyFileSync(join(folder, 'data/wsi', second ?? ''), join(folder, 'data/wsi/PrimaryTumor_HE_nobody.h5'));
    const { code, stdout } = await cli(up, folder);
    expect(problemsOf(folder)).toMatch(new RegExp(`failure,embed,.*${first}`));
    expect(problemsOf(folder)).toMatch(/failure,embed,.*PrimaryTumor_HE_nobody\.h5/);
    expect(stdout).toContain('Blood');
    expect(code).toBe(2);
  }, 120_000);

  it('refuses features of another width before anything is computed, as inspect does', async () => {
    const folder = await workFolder({
      ...{ ...cheap, modalities: ['TMA', 'Blood'] },
      data: { modalities: { TMA: { width: 7 } } },
    });
    const { code, stderr, stdout } = await cli([...up, '--json'], folder);
    expect(stderr).toContain('HAF_FEATURES_INVALID');
    expect(stderr).toContain('data.modalities.TMA.width (now 7)');
    expect(startedJobs(stdout)).toEqual([]);
    expect(code).toBe(65);
    const inspected = await cli(['inspect', '-c', 'experiment.yaml', 'data'], folder);
    expect(inspected.stdout).toContain('data.modalities.TMA.width (now 7)');
    expect(inspected.code).toBe(65);
  }, 120_000);

  it('lists a patient of the outcomes that is in no table', async () => {
    const folder = await workFolder(cheap);
    edit(folder, 'targets.csv', (text) => {
      const [, line = ''] = text.split('\n');
      return `${text.trimEnd()}\n${line.replace(/^[^,]*/, '997')}\n`;
    });
    const { code } = await cli(up, folder);
    expect(problemsOf(folder)).toMatch(/,997,/);
    expect(code).toBe(0);
  }, 120_000);

  it('refuses a modality that nobody has', async () => {
    const folder = await workFolder(cheap);
    rmSync(join(folder, 'data/wsi'), { recursive: true });
    const { code, stderr } = await cli(up, folder);
    expect(stderr).toContain('HAF_MODALITY_EMPTY');
    expect(stderr).toContain('WSI');
    expect(code).toBe(65);
  });

  it('refuses a split file that leaks: names the patients that are trained on and tested, before any training', async () => {
    const folder = await workFolder({ ...cheap, cv: { folds: 2 }, data: { splits: 'folds.json' } });
    const ids = readFileSync(join(folder, 'data/targets.csv'), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.slice(0, line.indexOf(',')));
    const [a, b, c] = [ids.slice(0, 16), ids.slice(16, 32), ids.slice(32)] as [string[], string[], string[]];
    // In the second fold two test patients are also training patients, one of them with its id written differently.
    const [first = '', second = ''] = c;
    const folds = [
      { train: a, val: b, test: c },
      { train: [...c.slice(2), first, `patient_${Number(second)}`], val: a, test: [...b, first, second] },
    ];
    writeFileSync(join(folder, 'data/folds.json'), JSON.stringify({ folds }));
    const { code, stderr, stdout } = await cli([...up, '--json'], folder);
    expect(stderr).toContain('HAF_SPLIT_INVALID');
    expect(stderr).toContain(`fold 1 has these patients more than once: ${first}, ${second}.`);
    expect(startedJobs(stdout).filter((key) => /^(preprocess|stage|joint)/.test(key))).toEqual([]);
    expect(code).toBe(65);
  }, 120_000);

  it('trains on when the validation patients of a fold are of one class, and says so', async () => {
    const folder = await workFolder({
      ...cheap,
      cv: { folds: 2 },
      modalities: ['Blood'],
      data: { splits: 'folds.json' },
    });
    const patients = readFileSync(join(folder, 'data/targets.csv'), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => ({ id: line.slice(0, line.indexOf(',')), living: line.includes(',living,') }));
    const living = patients.filter((p) => p.living).map(({ id }) => id);
    const rest = patients.map(({ id }) => id).filter((id) => !living.slice(0, 8).includes(id));
    const half = Math.floor(rest.length / 2);
    const [a, b] = [rest.slice(0, half), rest.slice(half)];
    const folds = [
      { train: a, val: living.slice(0, 4), test: [...b, ...living.slice(4, 8)] },
      { train: b, val: living.slice(4, 8), test: [...a, ...living.slice(0, 4)] },
    ];
    writeFileSync(join(folder, 'data/folds.json'), JSON.stringify({ folds }));
    const { code } = await cli(up, folder);
    expect(problemsOf(folder)).toMatch(/validation/);
    expect(code).toBe(0);
  }, 120_000);
});
