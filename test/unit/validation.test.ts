import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Predicted } from '../../src/operators/bundle/predicted-data.js';
import { groupsOf, readGroupings } from '../../src/operators/validation/grouping-columns.js';
import { measuresOf } from '../../src/operators/validation/measures.js';
import { shiftOf, type ShiftInput } from '../../src/operators/validation/shift.js';
import { validatedSubgroups } from '../../src/operators/validation/subgroups.js';
import {
  validatedPatients,
  type ValidatedPatient,
} from '../../src/operators/validation/validated-patients.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { resolvedConfig } from '../support/resolved-config.js';

const folder = mkdtempSync(join(tmpdir(), 'haf-validation-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const words = { positive: 'dead', negative: 'alive', column: 'status' };
const binary = { kind: 'binary' as const, positive: 'dead', negative: 'alive', horizons: [] };
const random = (purpose: string) => rng(1, purpose);
const none = { of: () => null };

const predictedOf = (ids: readonly string[]): Predicted => ({
  method: { id: 'haf', title: 'HAF' },
  ...{ outcome: binary, metric: 'auc' },
  patients: ids.map((patient) => ({
    ...{ patient, modalities: ['Clin'], outputs: [[0]], probabilities: [0.2, 0.4], survival: null },
    ...{ contributions: {}, flags: [], expected: null },
  })),
});
const labelled = (id: string, y: 0 | 1, followUpDays: number | null, cause: string | null = null) => ({
  ...{ id, y, followUpDays, cause },
});

describe('patients with a prediction and an outcome', () => {
  it('are joined by id; the prediction is the mean over the folds', () => {
    const outcome = { words, patients: [labelled('a', 1, 10), labelled('c', 0, null)] };
    const found = validatedPatients(predictedOf(['a', 'b']), outcome, resolvedConfig());
    expect(found.patients).toHaveLength(1);
    expect(found.patients[0]).toMatchObject({ id: 'a', y: 1, followUp: { time: 10, event: 1 } });
    expect(found.patients[0]?.risk).toBeCloseTo(0.3, 12);
    expect(found.withoutOutcome.map(({ patient }) => patient)).toEqual(['b']);
    expect(found.problems.map(({ patient }) => patient)).toEqual(['b']);
    expect(found.withoutData).toBe(1);
  });

  it('have the outcome by the rule of the training', () => {
    const outcome = {
      words,
      patients: [labelled('a', 1, 2000), labelled('b', 0, 300), labelled('c', 1, 300), labelled('d', 0, 900)],
    };
    const config = resolvedConfig({ cohort: { label: 'landmark', landmarkYears: 2 } });
    const found = validatedPatients(predictedOf(['a', 'b', 'c', 'd']), outcome, config);
    // Patient `a` died after the landmark of 2 years, so y is 0. The survival curves still count the death as an event.
    expect(found.patients.map(({ id, y, followUp }) => [id, y, followUp?.event])).toEqual([
      ['a', 0, 1],
      ['c', 1, 1],
      ['d', 0, 0],
    ]);
    expect(found.withoutOutcome[0]?.reason).toContain('the status at 2 years');
  });

  it('of a cohort without causes keep the outcome that it declares', () => {
    const own = resolvedConfig({ cohort: { label: 'tumorSpecific' } });
    const config = { ...own, data: { ...own.data, layout: 'own' as const } };
    const outcome = { words, patients: [labelled('a', 1, 10), labelled('b', 0, 10)] };
    const found = validatedPatients(predictedOf(['a', 'b']), outcome, config);
    expect(found.patients.map(({ y }) => y)).toEqual([1, 0]);
  });

  it('are there', () => {
    const outcome = { words, patients: [labelled('P1', 1, 10)] };
    expect(() => validatedPatients(predictedOf(['1', '2']), outcome, resolvedConfig())).toThrow(
      /None of the 2 predicted patients \("1", "2"\).*1 patients \("P1"\)/,
    );
  });
});

// The same patients as in validation-statistics.test.ts. scikit-survival and lifelines computed the expected numbers.
const p = [
  0.426, 0.492, 0.367, 0.249, 0.33, 0.233, 0.439, 0.712, 0.322, 0.298, 0.535, 0.505, 0.449, 0.243, 0.419,
  0.581, 0.181, 0.329, 0.118, 0.188, 0.124, 0.375, 0.191, 0.486, 0.46, 0.385, 0.071, 0.313, 0.415, 0.451,
  0.157, 0.325, 0.235, 0.263, 0.658, 0.264, 0.418, 0.621, 0.305, 0.401,
];
const time = [
  1608, 532, 28, 1842, 609, 576, 728, 345, 552, 28, 1476, 330, 752, 255, 1167, 9, 1337, 115, 634, 1883, 1494,
  721, 2208, 807, 385, 265, 1132, 449, 676, 702, 2034, 105, 1821, 8, 603, 898, 263, 330, 222, 17,
];
const event = [
  0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0,
  1, 1, 0, 1,
] as (0 | 1)[];
const followed: ValidatedPatient[] = p.map((chance, i) => ({
  ...{ id: `${i}`, y: event[i] as 0 | 1, chances: [chance], risk: chance, modalities: ['Clin'] },
  followUp: { time: time[i] as number, event: event[i] as 0 | 1 },
}));

it('measures of time-to-event equal those of scikit-survival and lifelines', () => {
  const outcome = { ...binary, kind: 'timeToEvent' as const, horizons: [2] };
  const { metrics, calibration, decision } = measuresOf(followed, outcome, {
    ...{ internal: none, threshold: null, tau: 1500 / 365.25, modalities: ['Clin'], random },
  });
  const value = (id: string) => metrics.find((one) => one.id === id)?.external;
  expect(value('c')).toBeCloseTo(0.6073211314475874, 9);
  expect(value('c_all_modalities')).toBeCloseTo(0.6073211314475874, 9);
  expect(value('uno_c')).toBeCloseTo(0.6167033615014416, 9);
  expect(value('auc_2y')).toBeCloseTo(0.7142462, 6);
  expect(value('brier_2y')).toBeCloseTo(0.25764552, 7);
  expect(value('brier_scaled_2y')).toBeCloseTo(1 - 0.25764552 / 0.24287859, 6);
  expect(value('observed_to_expected_2y')).toBeCloseTo(1.6307756936726274, 6);
  for (const id of ['c', 'uno_c', 'auc_2y', 'brier_2y', 'brier_scaled_2y', 'observed_to_expected_2y']) {
    const { external, low, high } = metrics.find((one) => one.id === id) ?? expect.unreachable(id);
    expect([id, Number(low) < Number(external), Number(high) > Number(external)]).toEqual([id, true, true]);
  }
  expect(calibration.map(({ horizon, patients }) => [horizon, patients])).toEqual(Array(10).fill([2, 4]));
  expect(decision).toHaveLength(99);
});

it('small groups and groups of one outcome are suppressed', () => {
  const groups = [
    { by: 'site', group: 'A', patients: followed.slice(0, 20), internal: null },
    { by: 'site', group: 'B', patients: followed.slice(0, 9), internal: null },
    { by: 'site', group: 'C', patients: followed.filter(({ y }) => y === 1), internal: 0.7 },
  ];
  const [a, b, c] = validatedSubgroups(groups, binary, random);
  expect(a).toMatchObject({ patients: 20, positive: 12, reason: null });
  expect(a?.external).not.toBeNull();
  expect(b).toMatchObject({ patients: null, positive: null, external: null, observedToExpected: null });
  expect(b?.reason).toContain('fewer than 10 patients');
  expect(c).toMatchObject({ patients: 23, positive: null, external: null, internal: 0.7 });
});

describe('columns that group patients', () => {
  const source = (role: string, name: string, lines: readonly string[]) => {
    const path = join(folder, name);
    writeFileSync(path, `${lines.join('\n')}\n`);
    return { role, name, path, sha256: '' };
  };
  const { data } = resolvedConfig();

  it('are words, or thirds of numbers, with those without a value last', async () => {
    const ids = Array.from({ length: 9 }, (_, i) => `00${i + 1}`);
    const table = source('table:Clin', 'clinical.csv', [
      'patient_id,sex,age',
      ...ids.map((id, i) => `${id},${i % 2 === 0 ? 'f' : 'm'},${i === 8 ? '' : 40 + i}`),
    ]);
    const [sex, age] = await readGroupings(['Clin.sex', 'age'], [table], data);
    if (sex === undefined || age === undefined) throw new Error('no columns');
    expect([...groupsOf(sex, ids)].map(([name, own]) => [name, own.length])).toEqual([
      ['f', 5],
      ['m', 4],
    ]);
    expect([...groupsOf(age, ids)].map(([name, own]) => [name, own.length])).toEqual([
      ['<= 42.33', 3],
      ['42.33 to 44.67', 2],
      ['> 44.67', 3],
      ['missing', 1],
    ]);
  });

  it('have to be there, in one table', async () => {
    const tables = [
      source('outcome', 'targets.csv', ['patient_id,site', '001,A']),
      source('table:Clin', 'clinical.csv', ['patient_id,site', '001,B']),
    ];
    await expect(readGroupings(['side'], tables, data)).rejects.toMatchObject({
      code: 'HAF_USAGE',
      fix: expect.stringContaining('Did you mean "site"?') as string,
    });
    await expect(readGroupings(['site'], tables, data)).rejects.toMatchObject({
      fix: 'Name the table as well: --by outcome.site or --by Clin.site.',
    });
    const [site] = await readGroupings(['Clin.site'], tables, data);
    expect(site?.values.get('001')?.text).toBe('B');
  });
});

describe('shift', () => {
  const input = (columns: ShiftInput['modalities']): ShiftInput => ({
    ...{ modalities: columns, trained: 10, bags: new Map() },
    reference: {
      'WSI.mean': { shape: [2], data: Float32Array.of(1, 5) },
      'WSI.sd': { shape: [2], data: Float32Array.of(1, 0) },
    },
    roster: {
      patients: ['a', 'b', 'c', 'd'],
      unread: [{ modality: 'Clin', patient: 'd', column: 'age', word: 'old' }],
    },
    tables: new Map([
      [
        'Clin',
        {
          columns: [{ name: 'age', kind: 'numeric', inferred: false }],
          patients: ['a', 'b', 'd', 'stranger'],
          cells: Float64Array.of(4, 6, NaN, 1000),
        },
      ],
    ]),
  });
  const age = { name: 'age', kind: 'numeric' as const, range: [0, 9] as [number, number] };

  it('compares the predicted patients with the training', () => {
    const column = { ...age, distribution: { known: 8, mean: 3, sd: 1 } };
    const [row] = shiftOf(input([{ id: 'Clin', kind: 'table', columns: [column] }]));
    expect(row).toMatchObject({ smd: 2, flagged: true, externalMean: 5, externalSd: 1 });
    expect([row?.trainingKnown, row?.externalKnown]).toEqual([0.8, 0.5]);
    expect(row?.note).toBe('1 cell with values that the training did not have');
  });

  it('says that a bundle of an earlier version has no means', () => {
    const [row] = shiftOf(input([{ id: 'Clin', kind: 'table', columns: [age] }]));
    expect(row).toMatchObject({ smd: null, flagged: false });
    expect(row?.note).toContain('the bundle does not hold the spread of its columns');
  });

  it('of bags is the mean size over the dimensions', () => {
    const own = { patients: 4, mean: Float64Array.of(2, 5), squares: Float64Array.of(4, 0) };
    const [row] = shiftOf({
      ...input([{ id: 'WSI', kind: 'bag', width: 2, encoders: [], mpp: [], rows: [1, 2] }]),
      bags: new Map([['WSI', own]]),
    });
    expect(row).toMatchObject({ smd: 0.5, flagged: true, externalKnown: 1 });
  });
});
