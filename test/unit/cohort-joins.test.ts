import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/pipeline/config/load.js';
import type { HafError } from '../../src/pipeline/core/errors.js';
import { prepareRun, type PreparedRun } from '../../src/pipeline/runs/prepare.js';
import { removeMadeCohorts, type MadeCohort } from '../support/made-cohort.js';
import * as faulty from '../support/faulty-cohorts.js';
import * as sound from '../support/own-cohorts.js';

afterAll(removeMadeCohorts);

/** Plans a made cohort as `plan` and `up` do: with all checks, and nothing computed. */
async function planned({ file, folder }: MadeCohort, ...set: readonly string[]): Promise<PreparedRun> {
  const { config, dataRoot } = loadConfig({ file, set });
  return prepareRun(config, dataRoot, { runs: join(folder, 'runs'), store: join(folder, 'store') });
}

const joinsOf = ({ checks }: PreparedRun) =>
  Object.fromEntries(
    (checks?.joins ?? []).map(({ modality, matched, unmatched, without }) => [
      modality,
      [matched, unmatched.length, without],
    ]),
  );

describe('sound cohorts, each with a habit of naming', () => {
  it.each<
    [
      keyof typeof sound,
      Readonly<Record<string, readonly [matched: number, unmatched: number, without: number]>>,
    ]
  >([
    ['tcgaBarcodes', { Clin: [30, 0, 0], WSI: [30, 0, 0] }],
    ['patientSlideNames', { Clin: [30, 0, 0], WSI: [30, 0, 0] }],
    ['accessionNumbers', { Clin: [32, 0, 0], Lab: [32, 0, 0], WSI: [32, 0, 0] }],
    ['yearsInIds', { Clin: [36, 0, 0], Lab: [36, 0, 0], TMA: [36, 0, 0] }],
    ['leadingZeros', { Clin: [30, 0, 0], Cells: [30, 0, 0] }],
    ['composedAndDecomposed', { Clin: [30, 0, 0], Lab: [30, 0, 0], WSI: [30, 0, 0] }],
    ['blanksAroundIds', { Clin: [30, 0, 0], Lab: [30, 0, 0] }],
    ['idColumnsOfManyNames', { Clin: [30, 0, 0], Lab: [30, 0, 0], RNA: [30, 0, 0] }],
    ['slideTable', { Clin: [30, 0, 0], Lab: [26, 0, 4], WSI: [25, 0, 5] }],
    ['oneTable', { Clin: [30, 0, 0] }],
    ['oneBag', { WSI: [30, 0, 0] }],
  ])('%s: every patient is known by the id of the outcome table', async (name, expected) => {
    const made = await sound[name]();
    const run = await planned(made);
    expect(joinsOf(run)).toEqual(expected);
    expect(run.checks?.outcome.patients.map(({ id }) => id).sort()).toEqual([...made.patients].sort());
    expect(run.checks?.warnings).toEqual([]);
  });

  it('gives P001_S1 to P001 and each patient three slides, not three patients thirty', async () => {
    const { graph } = await planned(await sound.patientSlideNames());
    const slides = new Map<string, number>();
    for (const { stage, unit } of graph)
      if (stage === 'embed') slides.set(unit.patient ?? '', (slides.get(unit.patient ?? '') ?? 0) + 1);
    expect(slides.size).toBe(30);
    expect(new Set(slides.values())).toEqual(new Set([3]));
  });

  it.each([
    ['twelve tables', sound.twelveTables, 12],
    ['fifty modalities', sound.fiftyModalities, 50],
  ])('plans %s', async (_, make, count) => {
    const { checks } = await planned(await make());
    expect(checks?.joins).toHaveLength(count);
    expect(checks?.warnings).toEqual([]);
  });
});

describe('a fault in the names', () => {
  it.each<[keyof typeof faulty, string, readonly RegExp[]]>([
    [
      'caseDiffersBetweenFiles',
      'HAF_JOIN_REFUSED',
      [/lab\.csv/, /"hx-0001" \(closest: "HX-0001"\)/, /allowUnmatched/],
    ],
    [
      'caseDiffersInOneFile',
      'HAF_TABLE_INVALID',
      [/lab\.csv:32/, /"hx-0001" looks like "HX-0001" of line 2/],
    ],
    ['decimalIds', 'HAF_TABLE_INVALID', [/lab\.csv/, /decimal numbers \("1\.0"\)/]],
    ['idsOfAnotherStudy', 'HAF_JOIN_REFUSED', [/0 of the 30 rows/, /"ZZ0001"/, /"HX-0001"/]],
    [
      'noIdColumn',
      'HAF_TABLE_INVALID',
      [
        /lab\.csv:1: no column "PATIENT" \(data\.patients\.id\) with the patients' ids/,
        /closest is "PATIENTS"/,
        /or the key in the experiment/,
      ],
    ],
    ['twoIdColumns', 'HAF_TABLE_INVALID', [/lab\.csv:1/, /"PATIENT", "Sample ID" can both be the id column/]],
    ['duplicateRows', 'HAF_TABLE_INVALID', [/lab\.csv:32/, /"HX-0003" is in line 4 already/]],
    ['fileWithoutRow', 'HAF_JOIN_REFUSED', [/1 of 31 files/, /slides\.csv/, /S-2020-0777\.npy/]],
    ['slideOfTwoPatients', 'HAF_TABLE_INVALID', [/HX-0001 in line 2/, /HX-0009 in line 32/]],
    ['nameWithoutMatch', 'HAF_JOIN_REFUSED', [/2 of 30 files/, /scan 1\.npy/, /WSI\.patient\.pattern/]],
    ['otherWidth', 'HAF_FEATURES_INVALID', [/WSI/, /data\.modalities\.WSI\.width \(now 6\)/]],
  ])('%s: is refused with %s before anything is computed', async (name, code, texts) => {
    await refused(await faulty[name](), code, texts);
  });

  it.each([
    ['data.patients.id', /(\w+\.csv:1: no column "CASE" \(data\.patients\.id\)[^]*){2}/],
    ['data.modalities.Lab.id', /lab\.csv:1: no column "CASE" \(data\.modalities\.Lab\.id\)/],
  ])('%s with a name that no table has is named with its value', async (key, what) => {
    await expect(planned(await sound.blanksAroundIds(), `${key}=CASE`)).rejects.toMatchObject({
      code: 'HAF_TABLE_INVALID',
      what: expect.stringMatching(what) as string,
      fix: expect.stringContaining('or the key in the experiment') as string,
    });
  });

  it('a pattern without the group is refused with its line', async () => {
    await refused(await faulty.patternWithoutGroup(), 'HAF_CONFIG_INVALID', [
      /experiment\.yaml:\d+:\d+ data\.modalities\.WSI\.patient\.pattern/,
      /\(\?<patient>/,
    ]);
  });
});

describe('a fault in the columns', () => {
  it.each<[keyof typeof faulty, string, readonly RegExp[]]>([
    [
      'leakingColumn',
      'HAF_OUTCOME_LEAK',
      [/column "LAST_SEEN_MONTHS"/, /AUC 1\.000/, /allowPredictors: \[Clin\.LAST_SEEN_MONTHS\]/],
    ],
    ['columnCalledLikeAnOutcome', 'HAF_OUTCOME_LEAK', [/column "Vital status": is called like an outcome/]],
    ['identifierColumn', 'HAF_TABLE_INVALID', [/RECORD/, /an identifier\?/, /"RECORD: ignore"/]],
    ['dateColumn', 'HAF_TABLE_INVALID', [/DIAGNOSED/, /holds dates/]],
  ])('%s: is refused with %s', async (name, code, texts) => {
    await refused(await faulty[name](), code, texts);
  });

  it.each<[keyof typeof faulty, RegExp]>([
    ['constantColumn', /"CENTRE" with the same value for all patients: left out/],
    ['emptyColumn', /"P16" without any value: left out/],
  ])('%s: is left out with a warning', async (name, text) => {
    const { checks } = await planned(await faulty[name]());
    expect(checks?.warnings.map(({ reason }) => reason).join()).toMatch(text);
    expect(checks?.tables[0]?.left).toHaveLength(2);
  });

  it('a category of one patient is no fault', async () => {
    const { checks } = await planned(await faulty.rareCategory());
    expect(checks?.tables[0]?.table.columns.map(({ name }) => name)).toContain('SITE');
  });

  it('a leak that the experiment allows by name is an input', async () => {
    const { checks } = await planned(
      await faulty.leakingColumn(),
      'data.outcome.allowPredictors=[Clin.LAST_SEEN_MONTHS]',
    );
    expect(checks?.tables[0]?.table.columns.map(({ name }) => name)).toContain('LAST_SEEN_MONTHS');
  });
});

describe('an outcome that is one for all', () => {
  it('is refused before anything is trained, in the words of the user', () =>
    faulty.oneClass().then((made) => refused(made, 'HAF_COHORT_INVALID', [/All 30 patients .* are alive/])));
});

describe('what deserves a look', () => {
  it('a patient of forty slides is named', async () => {
    const { checks } = await planned(await faulty.patientOfManySlides());
    expect(checks?.warnings).toMatchObject([{ patient: 'HX-0001', place: 'WSI' }]);
    expect(checks?.warnings[0]?.reason).toMatch(/40 files/);
  });

  it('two files of one content under two patients are named', async () => {
    const { checks, lost } = await planned(await faulty.sameContentTwice());
    // `lost`: the problems that problems.csv lists in addition to those of jobs. So it lists these warnings, too.
    expect(lost).toEqual(checks?.warnings);
    expect(checks?.warnings[0]?.reason).toMatch(
      /same content as features\/HX-0001_S1\.npy, which is of patient HX-0001/,
    );
    expect(checks?.warnings).toMatchObject([{ patient: 'HX-0002', file: 'features/HX-0002_S1.npy' }]);
  });

  it('patients whose outcome is a third value are left out by name', async () => {
    const { checks } = await planned(await faulty.outcomeOfAThirdValue());
    expect(checks?.outcome.unlabelled).toEqual(['HX-0003', 'HX-0008']);
    expect(checks?.outcome.patients).toHaveLength(28);
  });
});

/** Expects that planning a made cohort fails with this code and these texts, and that no run begins. */
async function refused(made: MadeCohort, code: string, texts: readonly RegExp[]): Promise<void> {
  const error = await planned(made).then(
    () => null,
    (thrown: unknown) => thrown as HafError,
  );
  expect(error).toMatchObject({ code });
  for (const text of texts) expect(`${error?.what} ${error?.fix}`).toMatch(text);
  const runs = join(made.folder, 'runs');
  expect(existsSync(runs) ? readdirSync(runs) : []).toEqual([]);
}
