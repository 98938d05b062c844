import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { CohortPatient } from '../../src/operators/cohort/cohort-data.js';
import { judgeGroups, readGroups } from '../../src/operators/preflight/groups.js';
import { splitsFile, splitsSchema, type Splits } from '../../src/operators/splits/split-data.js';
import { split } from '../../src/operators/splits/split.js';
import { defaultMissing } from '../../src/pipeline/config/data-schema.js';
import { loadConfig } from '../../src/pipeline/config/load.js';
import { hashOf } from '../../src/pipeline/core/canonical-json.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import type { SourceFile } from '../../src/pipeline/stage.js';
import { cohortArtifact } from '../support/invented-cohort.js';
import { runStage } from '../support/run-stage.js';

const folder = mkdtempSync(join(tmpdir(), 'haf-groups-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const source = (role: string, name: string, content: string): SourceFile => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return { role, name, path, sha256: '' };
};

const sites = ['Bonn', 'Berlin', 'Zug'];
/** 60 patients. The three sites alternate, and every fourth patient has the event. */
const cohort: readonly CohortPatient[] = Array.from({ length: 60 }, (_, i) => ({
  id: `P${String(i).padStart(2, '0')}`,
  y: i % 4 === 0 ? 1 : 0,
  followUpDays: null,
}));
const siteOf = new Map(cohort.map(({ id }, i) => [id, sites[i % 3] ?? '']));

async function drawn(
  groups: ReadonlyMap<string, string> = siteOf,
  cv: { folds?: number; repeats?: number; seed?: number } = {},
  patients = cohort,
): Promise<{ splits: Splits; problems: readonly Problem[] }> {
  const { output } = await runStage(split, {
    config: { cv: { mode: 'groups', group: 'Clin.SITE', folds: 3, ...cv } },
    sources: [source('groups', 'haf-groups.json', JSON.stringify([...groups]))],
    inputs: { cohort: [cohortArtifact(patients)] },
  });
  return { splits: splitsSchema.parse(output.files[splitsFile]), problems: output.problems ?? [] };
}

describe('folds that leave one group out', () => {
  it('test all patients of one group, and train and validate on none of them', async () => {
    const { splits, problems } = await drawn();
    expect(problems).toEqual([]);
    expect(splits.folds.map(({ group }) => group)).toEqual(['Berlin', 'Bonn', 'Zug']);
    for (const { train, val, test, group } of splits.folds) {
      expect(test).toEqual(cohort.map(({ id }) => id).filter((id) => siteOf.get(id) === group));
      expect([...train, ...val].filter((id) => siteOf.get(id) === group)).toEqual([]);
      expect([...train, ...val, ...test].sort()).toEqual(cohort.map(({ id }) => id));
    }
    expect(splits.hash).toBe(hashOf(splits.folds));
  });

  it('validate on a ninth of each class of the others', async () => {
    const { splits } = await drawn();
    const outcome = new Map(cohort.map(({ id, y }) => [id, y]));
    // The two sites that a fold does not test have 40 patients: 30 without the event and 10 with it.
    for (const { val } of splits.folds)
      expect([0, 1].map((y) => val.filter((id) => outcome.get(id) === y).length)).toEqual([3, 1]);
  });

  it('keep their test sets in each repeat and under each seed, and draw other validation patients', async () => {
    const { splits } = await drawn(siteOf, { repeats: 2 });
    const [first, again] = [splits.folds.slice(0, 3), splits.folds.slice(3)];
    expect(again.map(({ test }) => test)).toEqual(first.map(({ test }) => test));
    expect(again.map(({ val }) => val)).not.toEqual(first.map(({ val }) => val));
    expect((await drawn()).splits.folds).toEqual(first);
    const seeded = (await drawn(siteOf, { seed: 9 })).splits.folds;
    expect(seeded.map(({ test }) => test)).toEqual(first.map(({ test }) => test));
    expect(seeded.map(({ val }) => val)).not.toEqual(first.map(({ val }) => val));
  });

  it('do not depend on the order of the list', async () => {
    const turned = new Map([...siteOf].reverse());
    expect((await drawn(turned)).splits).toEqual((await drawn()).splits);
  });

  it('refuse another number of folds and name the groups with their sizes', async () => {
    await expect(drawn(siteOf, { folds: 10 })).rejects.toMatchObject({
      code: 'HAF_SPLIT_INVALID',
      what: 'Clin.SITE has 3 groups in the cohort where cv.folds is 10: "Berlin" (20), "Bonn" (20) and "Zug" (20).',
      fix: 'Set cv.folds: 3.',
    });
    const one = new Map(cohort.map(({ id }) => [id, 'Bonn']));
    await expect(drawn(one, { folds: 2 })).rejects.toMatchObject({
      fix: 'Name a column with at least two values in cv.group.',
    });
  });

  it('refuse patients of the cohort without a group, and count them', async () => {
    const some = new Map([...siteOf].slice(2));
    await expect(drawn(some)).rejects.toMatchObject({
      code: 'HAF_SPLIT_INVALID',
      what: '2 of the 60 patients of the cohort have no value of Clin.SITE: "P00", "P01".',
    });
  });

  it('advise a word for an unknown group that is not read as missing', async () => {
    const failed = await drawn(new Map([...siteOf].slice(2))).catch((error: unknown) => error);
    const [, word = ''] = /such as "([^"]+)"/.exec((failed as HafError).fix) ?? [];
    expect(word).not.toBe('');
    expect(defaultMissing.map((text) => text.toLowerCase())).not.toContain(word.toLowerCase());
  });

  it('ignore groups of people who are not in the cohort', async () => {
    const more = new Map([...siteOf, ['P99', 'Basel']]);
    expect((await drawn(more)).splits).toEqual((await drawn()).splits);
  });

  it('name a small group and a group of one outcome, and say to join groups', async () => {
    const small = new Map(cohort.map(({ id }, i) => [id, [1, 2, 3].includes(i) ? 'Ulm' : 'Bonn']));
    const { problems } = await drawn(small, { folds: 2 });
    expect(problems.every(({ severity }) => severity === 'warning')).toBe(true);
    // When Bonn is tested, only the three patients of Ulm are left, and all of them are living.
    expect(problems.map(({ reason }) => reason).sort()).toEqual([
      'All test patients of fold 1 ("Ulm") are living: the AUC of this set is undefined.',
      'All training patients of fold 0 ("Bonn") are living: the AUC of this set is undefined.',
      'All validation patients of fold 0 ("Bonn") are living: the AUC of this set is undefined.',
      'Group "Ulm" has 3 patients: too few for meaningful metrics of its fold.',
    ]);
    for (const { fix } of problems) expect(fix).toContain('Join groups');
  });
});

const experiment = (site: string): string => `
name: demo
methods: [table-Clin]
data:
  layout: own
  patients: { id: PATIENT }
  outcome: { file: out.csv, event: { column: STATUS, positive: [dead], negative: [alive] } }
  modalities:
    Clin: { kind: table, file: clin.csv, columns: { SITE: ignore } }
cv: { mode: groups, group: ${site}, folds: 2 }
`;
const configOf = (site = 'Clin.SITE') => loadConfig({ text: experiment(site) }).config;
const files = (clin: string, out = 'PATIENT,STATUS\n') => ({
  outcome: [source('outcome', 'out.csv', out)],
  tables: [{ modality: 'Clin', sources: [source('table', 'clin.csv', clin)] }],
});

describe('the groups of a column', () => {
  it('are read from a column that is no input, and an empty cell is none', async () => {
    const read = await readGroups(configOf(), files('PATIENT,AGE,SITE\nA,50,Bonn\nB,60, Zug \nC,70,\n'));
    expect(read?.faults).toEqual([]);
    expect([...(read?.groups ?? [])]).toEqual([
      ['A', 'Bonn'],
      ['B', 'Zug'],
    ]);
  });

  it('are read from the outcome table', async () => {
    const out = 'PATIENT,STATUS,SITE NAME\nA,dead,Bonn\nB,alive,Zug\n';
    const read = await readGroups(configOf('outcome.SITE NAME'), files('PATIENT,AGE\nA,1\n', out));
    expect([...(read?.groups ?? [])]).toEqual([
      ['A', 'Bonn'],
      ['B', 'Zug'],
    ]);
  });

  it('are not asked for in another mode', async () => {
    const { config } = loadConfig({
      text: experiment('null').replace('mode: groups', 'mode: kfold'),
    });
    expect(await readGroups(config, files('PATIENT,AGE\nA,1\n'))).toBeNull();
  });

  it('refuse a column that is not there, with the closest name', async () => {
    const read = await readGroups(configOf('Clin.SIET'), files('PATIENT,AGE,SITE\nA,50,Bonn\n'));
    expect(read?.faults).toMatchObject([
      { file: 'clin.csv', problem: 'no column "SIET" (cv.group); did you mean "SITE"?' },
    ]);
  });

  it('refuse two spellings of one group', async () => {
    const read = await readGroups(configOf(), files('PATIENT,SITE\nA,Bonn\nB,bonn\nC,Zug\n'));
    expect(read?.faults).toHaveLength(1);
    expect(read?.faults[0]?.problem).toContain('"Bonn", "bonn" differ in case or spaces only');
  });

  it('refuse fewer groups than folds before the run, and warn of more and of gaps', () => {
    const cv = { group: 'Clin.SITE', folds: 3 };
    const groups = new Map([
      ['A', 'Bonn'],
      ['B', 'Zug'],
    ]);
    const { refusals, warnings } = judgeGroups(groups, ['A', 'B', 'C'], cv);
    expect(refusals.map(({ what, fix }) => `${what} ${fix}`)).toEqual([
      'Clin.SITE has 2 groups ("Bonn", "Zug") where cv.folds is 3. Set cv.folds: 2.',
    ]);
    expect(warnings.map(({ reason }) => reason)).toEqual([
      'Patients with a known outcome and without a value of Clin.SITE: 1. If any of them belongs to the cohort, the split fails.',
    ]);
    const more = judgeGroups(new Map([...groups, ['C', 'Ulm']]), ['A', 'B', 'C'], { ...cv, folds: 2 });
    expect(more.refusals).toEqual([]);
    expect(more.warnings.map(({ fix }) => fix)).toEqual([
      'Set cv.folds: 3, unless the rules of the cohort leave whole groups out.',
    ]);
  });
});

describe('the rules of cv.mode groups', () => {
  const faultOf = (set: readonly string[]): string => {
    try {
      loadConfig({ text: experiment('Clin.SITE'), set });
      return '';
    } catch (error) {
      return error instanceof HafError ? error.what : String(error);
    }
  };

  it.each([
    ['cv.group=null', 'cv.mode: groups needs a column'],
    ['cv.group=SITE', 'write a column as <table>.<column>'],
    ['cv.group=Lab.SITE', '"Lab" is not a declared table; write <table>.<column> with one of Clin, outcome'],
    ['cv.mode=kfold', 'groups patients only with cv.mode: groups'],
    ['cv.validation=halfOfTest', 'cv.mode: groups tests every patient of a group'],
    ['data.splits=s.json', 'groups draws the folds from a column'],
  ])('refuse %s', (set, message) => {
    expect(faultOf([set])).toContain(message);
  });

  it('take the outcome table and a table of the experiment', () => {
    expect(faultOf([])).toBe('');
    expect(faultOf(['cv.group=outcome.SITE'])).toBe('');
  });
});
