import { describe, expect, it } from 'vitest';
import { compareSurvivalRuns, type TestedMethod } from '../../src/operators/evaluation/compare-survival.js';
import { rng } from '../../src/pipeline/core/rng.js';

const stream = rng(5, 'patients');
const base = Array.from({ length: 60 }, (_, i) => ({
  ...{ fold: i % 3, patient: `P${i}`, time: 100 + 1000 * stream.uniform(), event: (i % 2) as 0 | 1 },
}));
/** A method whose risk is minus the time of the event, plus noise. */
const method = (run: string, noise: number): TestedMethod => ({
  ...{ run, method: 'haf' },
  patients: base.map((one) => ({ ...one, risk: -one.time + noise * stream.normal() })),
});
const good = method('a', 10);
const bad = method('b', 3000);
const asked = (first: TestedMethod, second: TestedMethod) =>
  compareSurvivalRuns([[first, second]], 200, () => rng(1, 'bootstrap'))[0];

describe('two runs in time', () => {
  it('differ in C within folds, first minus second', () => {
    const found = asked(good, bad);
    expect(found?.first.c).toBeGreaterThan(0.9);
    expect(found?.difference).toBeCloseTo((found?.first.c ?? 0) - (found?.second.c ?? 0), 12);
    expect(found?.ci95?.[0]).toBeGreaterThan(0);
    expect([found?.patients, found?.p === found?.adjusted]).toEqual([60, true]);
  });

  it('are one when they are the same', () => {
    expect(asked(good, good)).toMatchObject({ difference: 0, ci95: [0, 0] });
  });

  it.each([
    ['another time', (one: TestedMethod['patients'][number]) => ({ ...one, time: one.time + 1 })],
    ['another fold', (one: TestedMethod['patients'][number]) => ({ ...one, fold: (one.fold + 1) % 3 })],
  ])('are refused with %s of a patient', (_, change) => {
    const other = { ...bad, patients: bad.patients.map((one, i) => (i === 7 ? change(one) : one)) };
    expect(() => asked(good, other)).toThrow(/not tested on the same patients in the same folds: P7/);
  });
});
