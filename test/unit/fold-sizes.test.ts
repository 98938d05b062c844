import { describe, expect, it } from 'vitest';
import { checkFolds } from '../../src/operators/splits/check-folds.js';
import { stratifiedFolds } from '../../src/operators/splits/stratified-folds.js';
import { judgeFolds } from '../../src/operators/preflight/fold-sizes.js';
import { resolvedConfig, type Changes } from '../support/resolved-config.js';

const words = { positive: 'dead', negative: 'alive', column: 'OS' };
const cohort = (dead: number, alive: number) =>
  Array.from({ length: dead + alive }, (_, i) => ({
    ...{ id: `P${i}`, y: i < dead ? (1 as const) : (0 as const), cause: null, followUpDays: 100 + i },
  }));
const judged = (dead: number, alive: number, changes: Changes) =>
  judgeFolds({ patients: cohort(dead, alive), words }, resolvedConfig(changes));
const warningsOf = (dead: number, alive: number, changes: Changes): readonly string[] =>
  judged(dead, alive, changes).map(({ place, reason, fix }) => `${place ?? ''}: ${reason} ${fix}`);

describe('cv.folds before training', () => {
  it.each([
    [21, 39, 30],
    [39, 21, 30],
    [21, 39, 21],
    [5, 5, 6],
  ])(
    '%i and %i patients in %i folds: counts the test sets that the split finds without an AUC',
    (dead, alive, folds) => {
      const config = resolvedConfig({ cv: { folds } });
      const patients = cohort(dead, alive);
      const drawn = stratifiedFolds(patients, { ...config.cv, repeat: 0 });
      const tests = checkFolds(drawn, patients, config.cv, { words, inTime: false }).filter(({ reason }) =>
        reason.startsWith('All test patients'),
      );
      const counts = warningsOf(dead, alive, { cv: { folds } }).map(
        (text) => /at least (\d+) test sets?/.exec(text)?.[1],
      );
      expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBe(tests.length);
    },
  );

  it('names the key, the group and the largest number that fits', () => {
    expect(warningsOf(21, 39, { cv: { folds: 30 } })).toEqual([
      'cv.folds: 30 folds are too many for 21 patients with dead: at least 9 test sets would have none of them, with an undefined AUC. Set cv.folds to 21 or less, or add patients.',
    ]);
    expect(warningsOf(21, 39, { cv: { folds: 30, validation: 'halfOfTest' } })).toEqual([
      expect.stringMatching(/21 patients with dead: at least 39 validation or test sets.*to 10 or less/),
      expect.stringMatching(/39 patients with alive: at least 21 validation or test sets.*to 19 or less/),
    ]);
  });

  it('asks for events alone with times', () => {
    const inTime = { data: { outcome: { kind: 'timeToEvent' } } } as const;
    expect(warningsOf(21, 9, { ...inTime, cv: { folds: 10 } })).toEqual([]);
    expect(warningsOf(9, 21, { ...inTime, cv: { folds: 10 } })).toEqual([
      expect.stringContaining('at least 1 test set would have none of them, with an undefined C.'),
    ]);
  });

  it('leaves folds alone that it does not draw, and labels that the cohort makes', () => {
    expect(warningsOf(2, 39, { cv: { folds: 10 }, data: { splits: 'splits.json' } })).toEqual([]);
    expect(warningsOf(2, 39, { cv: { folds: 10 }, cohort: { label: 'landmark' } })).toEqual([]);
    expect(warningsOf(2, 39, { cv: { folds: 2 } })).toEqual([]);
  });

  it('judges the event recurrence by its own outcome', () => {
    const recurrence = { cv: { folds: 10 }, cohort: { event: 'recurrence' as const } };
    expect(warningsOf(2, 39, recurrence)).toEqual(warningsOf(2, 39, { cv: { folds: 10 } }));
    expect(warningsOf(2, 39, recurrence)).not.toEqual([]);
  });
});
