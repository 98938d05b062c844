import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CohortPatient } from '../../src/operators/cohort/cohort-data.js';
import { splitsFile, splitsSchema, type Splits } from '../../src/operators/splits/split-data.js';
import { split } from '../../src/operators/splits/split.js';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import { hashOf } from '../../src/pipeline/core/canonical-json.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import type { SourceFile } from '../../src/pipeline/stage.js';
import { cohortArtifact } from '../support/invented-cohort.js';
import { runStage } from '../support/run-stage.js';
import { hancockFolder } from '../support/shared.js';

/** Patients 001, 002, ...; every third is deceased. */
const cohortOf = (ids: readonly string[]): readonly CohortPatient[] =>
  ids.map((id) => ({ id, y: Number(id) % 3 === 0 ? 1 : 0, followUpDays: null }));
const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => String(from + at).padStart(3, '0'));
const twelve = cohortOf(numbered(1, 12));

function splitFile(content: unknown): SourceFile {
  const path = join(mkdtempSync(join(tmpdir(), 'haf-split-')), 'splits.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return { role: 'splits', name: 'splits.json', path, sha256: '' };
}

async function drawn(
  cv: ConfigInput['cv'],
  file?: SourceFile,
  cohort = twelve,
  seed = 1,
): Promise<{ splits: Splits; problems: readonly Problem[] }> {
  const { output } = await runStage(split, {
    config: { cv, seed },
    sources: file === undefined ? [] : [file],
    inputs: { cohort: [cohortArtifact(cohort)] },
  });
  return { splits: splitsSchema.parse(output.files[splitsFile]), problems: output.problems ?? [] };
}

const two = [
  {
    train: ['001', '002', '003', '006'],
    val: ['004', '009'],
    test: ['005', '007', '008', '010', '011', '012'],
  },
  {
    train: ['005', '007', '011', '012'],
    val: ['008', '010', '009'],
    test: ['001', '002', '003', '004', '006'],
  },
];

describe('drawn folds', () => {
  it('depend on cv.seed and not on the seed of training', async () => {
    const cv = { folds: 3, seed: 9 };
    const first = await drawn(cv, undefined, twelve, 1);
    expect((await drawn(cv, undefined, twelve, 2)).splits).toEqual(first.splits);
    expect((await drawn({ ...cv, seed: 10 })).splits.folds).not.toEqual(first.splits.folds);
  });

  it('are named by a hash of their content', async () => {
    const { splits } = await drawn({ folds: 3 });
    expect(splits.hash).toBe(hashOf(splits.folds));
  });

  it('need as many patients as folds', async () => {
    await expect(drawn({ folds: 13 })).rejects.toMatchObject({ code: 'HAF_COHORT_INVALID' });
  });

  it('warn where a test set has one outcome', async () => {
    const { problems } = await drawn({ folds: 6 });
    expect(problems.filter(({ reason }) => reason.includes('test patients'))).toHaveLength(2);
  });
});

describe('repeated folds', () => {
  it('stand one repeat after the other, the first as without repeats', async () => {
    const once = await drawn({ folds: 3 });
    const { splits } = await drawn({ folds: 3, repeats: 2 });
    expect(splits.folds).toHaveLength(6);
    expect(splits.folds.slice(0, 3)).toEqual(once.splits.folds);
    expect(splits.folds.slice(3)).not.toEqual(once.splits.folds);
    expect(
      splits.folds
        .slice(3)
        .flatMap(({ test }) => test)
        .sort(),
    ).toEqual(numbered(1, 12));
  });

  it('are named with their repeat in what is reported', async () => {
    const { problems } = await drawn({ folds: 6, repeats: 2 });
    const places = problems
      .filter(({ reason }) => reason.includes('test patients'))
      .map(({ place }) => place);
    expect(places).toHaveLength(4);
    expect(
      places.filter((place) => /^fold ([0-5] \(repeat 0\)|([6-9]|1[01]) \(repeat 1\))$/.test(place ?? '')),
    ).toHaveLength(4);
  });

  it('test half of the held-out patients when the other half validates', async () => {
    const { splits } = await drawn({ folds: 2, validation: 'halfOfTest' });
    for (const { train, val, test } of splits.folds)
      expect([train.length, val.length, test.length]).toEqual([6, 3, 3]);
    expect(new Set(splits.folds.flatMap(({ test }) => test)).size).toBe(6);
  });
});

describe('folds of a file', () => {
  const keyed = { '1': two[1], '0': two[0] };

  it.each([
    ['a list', { folds: two }],
    ['splits.json of a run', { folds: two, hash: 'x' }],
    ['an object by fold', keyed],
    ['an object by fold with a hash', { ...keyed, hash: 'x' }],
  ])('are used as they are: %s', async (_, content) => {
    const { splits, problems } = await drawn({ folds: 2 }, splitFile(content));
    expect(splits.folds).toEqual([two[0], { ...two[1], val: ['008', '009', '010'] }]);
    expect(problems).toEqual([]);
  });

  it('may write ids in any way', async () => {
    const loose = two.map(({ train, ...rest }) => ({ ...rest, train: train.map(Number) }));
    expect((await drawn({ folds: 2 }, splitFile({ folds: loose }))).splits.folds[0]?.train).toEqual(
      two[0]?.train,
    );
  });

  it('lose patients who are not in the cohort, and tell of cohort patients they do not place', async () => {
    const { splits, problems } = await drawn(
      { folds: 2 },
      splitFile({ folds: two }),
      cohortOf([...numbered(2, 12), '500']),
    );
    expect(splits.folds[0]?.train).toEqual(['002', '003', '006']);
    expect(splits.folds[1]?.test).not.toContain('001');
    expect(problems.map(({ severity, patient, file }) => [severity, patient, file])).toEqual([
      ['info', '001', 'splits.json'],
      ['warning', '500', 'splits.json'],
    ]);
  });

  it('say in which folds a patient stands in no set', async () => {
    const folds = [two[0], { ...two[1], val: ['008', '009'] }];
    const { problems } = await drawn({ folds: 2 }, splitFile({ folds }));
    expect(problems.map(({ patient, reason }) => [patient, reason])).toEqual([
      ['010', 'The patient is in no set of fold 1 of the split file and is not used there.'],
    ]);
  });

  it.each([
    [
      'a patient in two sets',
      { folds: [two[0], { ...two[1], val: ['008', '7', '009'] }] },
      'fold 1 has these patients more than once: 007',
    ],
    [
      'patients tested in two folds',
      { folds: [two[0], { ...two[1], train: ['005', '012'], test: ['001', '003', '11', '007'] }] },
      'tested in more than one fold: 007, 011.',
    ],
    ['another number of folds', { folds: [two[0]] }, '1 folds where cv.folds is 2'],
    ['text that is not JSON', '{"folds": [', 'not JSON'],
    ['another shape', { train: ['001'] }, 'not a list of folds'],
    ['null', null, 'not a list of folds'],
    ['an id without digits', { folds: [two[0], { ...two[1], val: ['x'] }] }, '"x" is not a patient id'],
    ['the official list', [{ patient_id: '001', dataset: 'test' }], 'not of folds'],
    ['an empty set', { folds: [two[0], { ...two[1], val: [] }] }, 'Fold 1 has no validation patients'],
  ])('are refused with %s', async (_, content, what) => {
    await expect(drawn({ folds: 2 }, splitFile(content))).rejects.toMatchObject({
      code: 'HAF_SPLIT_INVALID',
      what: expect.stringContaining(what) as string,
    });
  });
});

describe('fixed test patients', () => {
  const list = (test: readonly string[], all = numbered(1, 12)): object[] =>
    all.map((id) => ({ patient_id: id, dataset: test.includes(id) ? 'test' : 'training' }));
  const cv = { mode: 'fixedTest', folds: 2 } as const;

  it('are tested in every fold; the folds divide the others', async () => {
    const { splits, problems } = await drawn(cv, splitFile(list(['003', '004'])));
    expect(splits.folds.map(({ test }) => test)).toEqual([
      ['003', '004'],
      ['003', '004'],
    ]);
    expect(splits.folds[0]?.train).toEqual(splits.folds[1]?.val);
    expect(problems).toEqual([]);
  });

  it('stay in every repeat, while the folds of the others are drawn again', async () => {
    const { splits } = await drawn({ ...cv, repeats: 3 }, splitFile(list(['003', '004'])));
    expect(splits.folds).toHaveLength(6);
    expect(new Set(splits.folds.map(({ test }) => test.join()))).toEqual(new Set(['003,004']));
    const parts = [0, 2, 4].map((at) => splits.folds[at]?.val.join());
    expect(new Set(parts).size).toBeGreaterThan(1);
  });

  it('report who is on one side only', async () => {
    const { splits, problems } = await drawn(
      cv,
      splitFile(list(['003', '004', '099'], [...numbered(1, 11), '099'])),
    );
    expect(splits.folds[0]?.test).toEqual(['003', '004']);
    expect(problems.map(({ severity, patient }) => [severity, patient])).toEqual([
      ['info', '099'],
      ['warning', '012'],
    ]);
  });

  it.each([
    ['no file', undefined, 'needs a file'],
    ['a file of folds', splitFile({ folds: two }), 'not a list of training and test patients'],
    [
      'a patient in both sets',
      splitFile([...list(['003', '004']), { patient_id: 3, dataset: 'training' }]),
      'more than once: 003',
    ],
  ])('are refused with %s', async (_, file, what) => {
    await expect(drawn(cv, file)).rejects.toMatchObject({
      code: 'HAF_SPLIT_INVALID',
      what: expect.stringContaining(what) as string,
    });
  });

  it('need as many training patients as folds', async () => {
    await expect(drawn({ ...cv, folds: 11 }, splitFile(list(['003', '004'])))).rejects.toMatchObject({
      code: 'HAF_COHORT_INVALID',
    });
  });

  it.skipIf(hancockFolder === null)('come from the official HANCOCK list', async () => {
    const file = {
      role: 'splits',
      name: 'dataset_split_in.json',
      path: join(hancockFolder ?? '', 'dataset_split_in.json'),
      sha256: '',
    };
    const { splits, problems } = await drawn({ ...cv, folds: 10 }, file, cohortOf(numbered(1, 763)));
    expect(problems).toEqual([]);
    expect(splits.folds).toHaveLength(10);
    for (const { train, val, test } of splits.folds) {
      expect(test).toHaveLength(152);
      expect(train.length + val.length).toBe(611);
      expect([61, 62]).toContain(val.length);
    }
  });
});
