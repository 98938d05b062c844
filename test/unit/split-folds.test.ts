import { describe, expect, it } from 'vitest';
import { checkFolds } from '../../src/operators/splits/check-folds.js';
import {
  dealParts,
  fixedTestFolds,
  stratifiedFolds,
  type Labelled,
} from '../../src/operators/splits/stratified-folds.js';
import { rng } from '../../src/pipeline/core/rng.js';

/** A cohort with these numbers of living and deceased patients, outcomes spread over the ids. */
function cohortOf(living: number, deceased: number, seed = 1): Labelled[] {
  const outcomes = rng(seed, 'test').shuffle(
    Array.from({ length: living + deceased }, (_, at): 0 | 1 => (at < living ? 0 : 1)),
  );
  return outcomes.map((y, at) => ({ id: String(at + 1).padStart(3, '0'), y }));
}

const deceasedIn = (ids: readonly string[], patients: readonly Labelled[]): number =>
  patients.filter(({ id, y }) => y === 1 && ids.includes(id)).length;
const spread = (sizes: readonly number[]): number => Math.max(...sizes) - Math.min(...sizes);

// Cohorts of all shapes: the paper's, one that divides evenly, tiny ones, and 40 drawn ones.
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
    const drawn = stratifiedFolds(patients, folds, seed);

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
      expect(stratifiedFolds(rng(seed, 'order').shuffle([...patients]), folds, seed)).toEqual(drawn);
    });
  },
);

describe('stratified folds', () => {
  const patients = cohortOf(509, 190);
  const drawn = stratifiedFolds(patients, 10, 5678);

  it('has the sizes of the paper: 69 or 70 tested with 19 deceased, about 80/10/10', () => {
    expect(new Set(drawn.map(({ test }) => test.length))).toEqual(new Set([69, 70]));
    expect(new Set(drawn.map(({ test }) => deceasedIn(test, patients)))).toEqual(new Set([19]));
    for (const { val } of drawn) expect([69, 70, 71]).toContain(val.length);
  });

  it('changes with the seed', () => {
    expect(stratifiedFolds(patients, 10, 42)).not.toEqual(drawn);
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

describe('folds with fixed test patients', () => {
  const training = cohortOf(60, 20);
  const test = ['901', '900'];
  const drawn = fixedTestFolds(training, test, 8, 5678);

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
  const patients = cohortOf(4, 4);
  const [living, deceased] = [0, 1].map((y) => patients.filter((p) => p.y === y).map(({ id }) => id)) as [
    string[],
    string[],
  ];
  const pick = (at: number): string[] => [living[at] ?? '', deceased[at] ?? ''];

  it('passes sound folds', () => {
    expect(checkFolds([{ train: pick(0), val: pick(1), test: pick(2) }], patients)).toEqual([]);
  });

  it('refuses a patient in two sets and names the patient', () => {
    const leak = { train: [...pick(0), ...pick(3)], val: pick(1), test: [...pick(2), living[3] ?? ''] };
    expect(() => checkFolds([leak], patients)).toThrow(
      expect.objectContaining({ code: 'HAF_SPLIT_INVALID', context: { fold: 0, patients: [living[3]] } }),
    );
  });

  it('refuses a fold with an empty set', () => {
    expect(() => checkFolds([{ train: pick(0), val: [], test: pick(2) }], patients)).toThrow(
      /Fold 0 has no validation patients/,
    );
  });

  it('warns of a set with one outcome', () => {
    const warnings = checkFolds([{ train: pick(0), val: [deceased[1] ?? ''], test: pick(2) }], patients);
    expect(warnings.map(({ severity, place, reason }) => [severity, place, reason])).toEqual([
      [
        'warning',
        'fold 0',
        'All validation patients of fold 0 are deceased: the AUC of this set is undefined.',
      ],
    ]);
  });
});
