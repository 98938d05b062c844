import { describe, expect, it } from 'vitest';
import { checkFolds, refuseRepeatedTests } from '../../src/operators/splits/check-folds.js';
import {
  dealParts,
  fixedTestFolds,
  stratifiedFolds,
  type Draw,
  type StratifiedPatient,
} from '../../src/operators/splits/stratified-folds.js';
import type { Fold } from '../../src/operators/splits/split-data.js';
import { rng } from '../../src/pipeline/core/rng.js';

/** A cohort with these numbers of living and deceased patients, outcomes spread over the ids. */
function cohortOf(living: number, deceased: number, seed = 1): StratifiedPatient[] {
  const outcomes = rng(seed, 'test').shuffle(
    Array.from({ length: living + deceased }, (_, at): 0 | 1 => (at < living ? 0 : 1)),
  );
  return outcomes.map((y, at) => ({ id: String(at + 1).padStart(3, '0'), y }));
}

const drawOf = (folds: number, seed: number, more: Partial<Draw> = {}): Draw => ({
  ...{ folds, seed, repeat: 0, validation: 'own' },
  ...more,
});

const deceasedIn = (ids: readonly string[], patients: readonly StratifiedPatient[]): number =>
  patients.filter(({ id, y }) => y === 1 && ids.includes(id)).length;
const spread = (sizes: readonly number[]): number => Math.max(...sizes) - Math.min(...sizes);

// Cohorts of many sizes: that of the paper, one whose classes divide evenly into ten folds, two tiny ones, and 40
// random ones.
const random = rng(7, 'cohorts');
const shapes = [
  { living: 509, deceased: 190, folds: 10 },
  { living: 100, deceased: 50, folds: 10 },
  { living: 10, deceased: 3, folds: 5 },
  { living: 3, deceased: 3, folds: 2 },
  ...Array.from({ length: 40 }, () => {
    const folds = 2 + random.int(11);
    return { living: folds + random.int(300), deceased: 2 + random.int(120), folds };
  }),
].map((shape, seed) => ({ ...shape, seed }));

describe.each(shapes)(
  '$folds folds of $living living and $deceased deceased',
  ({ living, deceased, folds, seed }) => {
    const patients = cohortOf(living, deceased, seed);
    const drawn = stratifiedFolds(patients, drawOf(folds, seed));

    it('tests every patient exactly once', () => {
      expect(drawn).toHaveLength(folds);
      expect(drawn.flatMap(({ test }) => test).sort()).toEqual(patients.map(({ id }) => id));
    });

    it('has every patient in exactly one set of a fold', () => {
      for (const { train, val, test } of drawn)
        expect([...train, ...val, ...test].sort()).toEqual(patients.map(({ id }) => id));
    });

    it('keeps test sizes within one, in all and per outcome', () => {
      expect(spread(drawn.map(({ test }) => test.length))).toBeLessThanOrEqual(1);
      expect(spread(drawn.map(({ test }) => deceasedIn(test, patients)))).toBeLessThanOrEqual(1);
    });

    it('validates on a ninth of each outcome of the rest, on one at least of a class of two', () => {
      const ninth = (count: number): number => (count < 2 ? 0 : Math.max(1, Math.round(count / 9)));
      for (const { train, val } of drawn) {
        const rest = [...train, ...val];
        const dead = deceasedIn(rest, patients);
        expect(deceasedIn(val, patients)).toBe(ninth(dead));
        expect(val.length).toBe(ninth(dead) + ninth(rest.length - dead));
      }
    });

    it('does not depend on the order of the patients', () => {
      expect(stratifiedFolds(rng(seed, 'order').shuffle([...patients]), drawOf(folds, seed))).toEqual(drawn);
    });
  },
);

describe('stratified folds', () => {
  const patients = cohortOf(509, 190);
  const drawn = stratifiedFolds(patients, drawOf(10, 5678));

  it('has the sizes of the paper: 69 or 70 tested with 19 deceased, about 80/10/10', () => {
    expect(new Set(drawn.map(({ test }) => test.length))).toEqual(new Set([69, 70]));
    expect(new Set(drawn.map(({ test }) => deceasedIn(test, patients)))).toEqual(new Set([19]));
    for (const { val } of drawn) expect([69, 70, 71]).toContain(val.length);
  });

  it('changes with the seed', () => {
    expect(stratifiedFolds(patients, drawOf(10, 42))).not.toEqual(drawn);
  });

  it('draws the validation patients of each fold on its own', () => {
    const twice = drawn[0]?.val.filter((id) => drawn[1]?.val.includes(id)) ?? [];
    expect(drawn[0]?.val).not.toEqual(drawn[1]?.val);
    expect(twice.length).toBeLessThan(30);
  });

  it('deals the second class on from where the first stopped', () => {
    const parts = dealParts(cohortOf(5, 4), 3, rng(1, 'deal'));
    expect(parts.map(({ length }) => length)).toEqual([3, 3, 3]);
  });
});

describe.each(shapes)(
  '$folds folds of $living living and $deceased deceased, half of each to validate',
  ({ living, deceased, folds, seed }) => {
    const patients = cohortOf(living, deceased, seed);
    const own = stratifiedFolds(patients, drawOf(folds, seed));
    const halved = stratifiedFolds(patients, drawOf(folds, seed, { validation: 'halfOfTest' }));

    it('cut the held-out parts of the usual folds in two and train on all the others', () => {
      halved.forEach(({ train, val, test }, at) => {
        expect([...val, ...test].sort()).toEqual(own[at]?.test);
        expect(train).toEqual([...(own[at]?.train ?? []), ...(own[at]?.val ?? [])].sort());
      });
    });

    it('differ by one patient at most, in all and per outcome', () => {
      for (const { val, test } of halved) {
        expect([0, 1]).toContain(val.length - test.length);
        expect(spread([deceasedIn(val, patients), deceasedIn(test, patients)])).toBeLessThanOrEqual(1);
      }
    });
  },
);

describe('halves of the held-out patients', () => {
  const patients = cohortOf(509, 190);
  const halved = stratifiedFolds(patients, drawOf(10, 5678, { validation: 'halfOfTest' }));

  it('have the sizes of the reference implementation: about 35 with 9 or 10 deceased, half the cohort untested', () => {
    for (const { val, test } of halved)
      for (const half of [val, test]) {
        expect([34, 35]).toContain(half.length);
        expect([9, 10]).toContain(deceasedIn(half, patients));
      }
    const tested = halved.reduce((sum, { test }) => sum + test.length, 0);
    expect(Math.abs(tested - 699 / 2)).toBeLessThanOrEqual(5);
  });

  it('are drawn, not dealt by id: other seeds cut otherwise', () => {
    const [first] = halved;
    const lower = [...(first?.val ?? []), ...(first?.test ?? [])].sort().slice(0, first?.val.length);
    expect(first?.val).not.toEqual(lower);
  });
});

describe('repeats', () => {
  const patients = cohortOf(60, 20);

  it('draw folds of their own, the first those of an experiment without repeats', () => {
    for (const validation of ['own', 'halfOfTest'] as const) {
      const [first, second, third] = [0, 1, 2].map((repeat) =>
        stratifiedFolds(patients, drawOf(5, 5678, { repeat, validation })),
      );
      expect(first).toEqual(stratifiedFolds(patients, drawOf(5, 5678, { validation })));
      for (const other of [second, third])
        expect(
          other?.flatMap(({ test, val }) => (validation === 'own' ? test : [...test, ...val])).sort(),
        ).toEqual(patients.map(({ id }) => id));
      expect(new Set([first, second, third].map((folds) => JSON.stringify(folds))).size).toBe(3);
    }
  });

  it('redraw the inner folds of a fixed test', () => {
    const [first, second] = [0, 1].map((repeat) =>
      fixedTestFolds(patients, ['901'], drawOf(4, 5678, { repeat })),
    );
    expect(first).not.toEqual(second);
    expect(second?.flatMap(({ val }) => val).sort()).toEqual(patients.map(({ id }) => id));
    expect(second?.every(({ test }) => test.join() === '901')).toBe(true);
  });

  // These folds were recorded before `cv.repeats` existed. They must not change, so that old results stay comparable.
  it('keep the folds of repeat 0 as they always were', () => {
    const folds = stratifiedFolds(cohortOf(12, 6), drawOf(3, 5678));
    expect(folds).toEqual([
      {
        train: ['001', '005', '006', '009', '010', '011', '013', '015', '016', '018'],
        val: ['002', '012'],
        test: ['003', '004', '007', '008', '014', '017'],
      },
      {
        train: ['001', '002', '003', '007', '008', '011', '013', '014', '015', '017'],
        val: ['004', '016'],
        test: ['005', '006', '009', '010', '012', '018'],
      },
      {
        train: ['003', '004', '005', '006', '007', '008', '010', '012', '017', '018'],
        val: ['009', '014'],
        test: ['001', '002', '011', '013', '015', '016'],
      },
    ]);
  });
});

describe('folds with fixed test patients', () => {
  const training = cohortOf(60, 20);
  const test = ['901', '900'];
  const drawn = fixedTestFolds(training, test, drawOf(8, 5678));

  it('validates every training patient once and tests the same patients in all folds', () => {
    expect(drawn.flatMap(({ val }) => val).sort()).toEqual(training.map(({ id }) => id));
    for (const { train, val, test: tested } of drawn) {
      expect(tested).toEqual(['900', '901']);
      expect([...train, ...val].sort()).toEqual(training.map(({ id }) => id));
    }
  });

  it('stratifies the validation parts', () => {
    expect(spread(drawn.map(({ val }) => val.length))).toBe(0);
    expect(spread(drawn.map(({ val }) => deceasedIn(val, training)))).toBeLessThanOrEqual(1);
  });
});

describe('the check before training', () => {
  const once = { folds: 2, repeats: 1 };
  const outcome = { words: { positive: 'deceased', negative: 'living' }, inTime: false };
  const patients = cohortOf(4, 4);
  const [living, deceased] = [0, 1].map((y) => patients.filter((p) => p.y === y).map(({ id }) => id)) as [
    string[],
    string[],
  ];
  const pick = (at: number): string[] => [living[at] ?? '', deceased[at] ?? ''];

  it('passes sound folds', () => {
    expect(checkFolds([{ train: pick(0), val: pick(1), test: pick(2) }], patients, once, outcome)).toEqual(
      [],
    );
  });

  it('refuses a patient in two sets and names the patient', () => {
    const leak = { train: [...pick(0), ...pick(3)], val: pick(1), test: [...pick(2), living[3] ?? ''] };
    expect(() => checkFolds([leak], patients, once, outcome)).toThrow(
      expect.objectContaining({ code: 'HAF_SPLIT_INVALID', context: { fold: 0, patients: [living[3]] } }),
    );
  });

  it('refuses a fold with an empty set', () => {
    expect(() => checkFolds([{ train: pick(0), val: [], test: pick(2) }], patients, once, outcome)).toThrow(
      /Fold 0 has no validation patients/,
    );
  });

  it('tells the repeat of a fold when there are several', () => {
    const sound = { train: pick(0), val: pick(1), test: pick(2) };
    const cv = { folds: 1, repeats: 2 };
    expect(() => checkFolds([sound, { ...sound, val: pick(2) }], patients, cv, outcome)).toThrow(
      /Fold 1 \(repeat 1\) has patients in two of its sets/,
    );
    expect(() => checkFolds([sound, { ...sound, val: [] }], patients, cv, outcome)).toThrow(
      /Fold 1 \(repeat 1\) has no validation patients/,
    );
    const lonely = [sound, { ...sound, val: [deceased[1] ?? ''] }];
    const [warning] = checkFolds(lonely, patients, cv, outcome);
    expect(warning?.place).toBe('fold 1 (repeat 1)');
    expect(warning?.reason).toContain('patients of fold 1 (repeat 1) are deceased');
  });

  it('lets a patient be tested once in each repeat and no more', () => {
    const fold = (at: number): Fold => ({ train: [], val: [], test: pick(at) });
    const cv = { folds: 2, repeats: 2 };
    expect(() => refuseRepeatedTests([fold(0), fold(1), fold(1), fold(0)], cv)).not.toThrow();
    expect(() => refuseRepeatedTests([fold(0), fold(1), fold(2), fold(2)], cv)).toThrow(
      `These patients are tested in more than one fold of repeat 1: ${pick(2).sort().join(', ')}.`,
    );
    expect(() => refuseRepeatedTests([fold(0), fold(0)], once)).toThrow(
      `These patients are tested in more than one fold: ${pick(0).sort().join(', ')}.`,
    );
  });

  it('uses the words of the user, and warns in time only of a set without an event', () => {
    const words = { positive: 'relapse', negative: 'none' };
    const warned = (val: readonly string[], inTime: boolean): readonly string[] =>
      checkFolds([{ train: pick(0), val: [...val], test: pick(2) }], patients, once, { words, inTime }).map(
        ({ reason }) => reason,
      );
    const [ill, well] = [[deceased[1] ?? ''], [living[1] ?? '']];
    expect(warned(ill, false)[0]).toMatch(/are relapse: the AUC of this set is undefined/);
    expect(warned(ill, true)).toEqual([]);
    expect(warned(well, true)[0]).toMatch(/are none: the C of this set is undefined/);
  });

  it('warns of a set with one outcome', () => {
    const warnings = checkFolds(
      [{ train: pick(0), val: [deceased[1] ?? ''], test: pick(2) }],
      patients,
      once,
      outcome,
    );
    expect(warnings.map(({ severity, place, reason }) => [severity, place, reason])).toEqual([
      [
        'warning',
        'fold 0',
        'All validation patients of fold 0 are deceased: the AUC of this set is undefined.',
      ],
    ]);
  });
});
