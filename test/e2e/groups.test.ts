import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { splitsSchema } from '../../src/operators/splits/split-data.js';
import { runSummarySchema } from '../../src/pipeline/runs/materialise.js';
import { cli } from '../support/cli.js';
import {
  clinical,
  clinicalRows,
  makeCohortOf,
  patientsOf,
  removeMadeCohorts,
} from '../support/made-cohort.js';

afterAll(removeMadeCohorts);

const sites = ['Bonn', 'Berlin', 'Zug'];

it('leaves one site out from files to report, and names the site of each fold', async () => {
  const patients = patientsOf(36, (n) => `HX-${n}`);
  const [header = [], ...rows] = clinicalRows(patients);
  const { folder } = await makeCohortOf({
    ...{ name: 'sites', patients, methods: ['ridge', 'table-Clin'] },
    modalities: { Clin: { ...clinical, columns: { ...clinical.columns, SITE: 'ignore' } } },
    tables: { 'clini.csv': [[...header, 'SITE'], ...rows.map((row, i) => [...row, sites[i % 3] ?? ''])] },
  });
  const up = (...set: string[]) =>
    cli(['up', '--no-broker', ...['cv.mode=groups', ...set].flatMap((one) => ['--set', one])], folder);

  const refused = await up('cv.group=Clin.SITE', 'cv.folds=4');
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain('Clin.SITE has 3 groups ("Berlin", "Bonn", "Zug") where cv.folds is 4.');
  expect(refused.stderr).toContain('Set cv.folds: 3.');

  const { code, stderr } = await up('cv.group=Clin.SITE', 'cv.folds=3');
  expect(code, stderr).toBe(0);
  const [name = ''] = readdirSync(join(folder, 'runs'));
  const read = (file: string): string => readFileSync(join(folder, 'runs', name, file), 'utf8');
  const { folds } = splitsSchema.parse(JSON.parse(read('splits.json')));
  expect(folds.map(({ group }) => group)).toEqual(['Berlin', 'Bonn', 'Zug']);
  const siteOf = new Map(patients.map(({ id }, i) => [id, sites[i % 3]]));
  folds.forEach(({ group, train, val, test }, fold) => {
    expect(test).toHaveLength(12);
    expect(test.every((id) => siteOf.get(id) === group)).toBe(true);
    expect([...train, ...val].some((id) => siteOf.get(id) === group)).toBe(false);
    const predicted = read(`folds/${fold}/ridge/predictions.csv`).split('\n');
    const tested = predicted.filter((line) => line.includes('test')).map((line) => line.split(',')[0]);
    expect(tested.sort()).toEqual([...test].sort());
  });
  const { rows: methods } = runSummarySchema.parse(JSON.parse(read('summary.json')));
  expect(methods.map(({ auc }) => auc.folds)).toEqual([3, 3]);
  expect(read('report.html')).toMatch(/fold 0: Berlin; fold 1: Bonn; fold 2: Zug/);
  expect(existsSync(join(folder, 'runs', name, 'problems.csv'))).toBe(true);
}, 240_000);
