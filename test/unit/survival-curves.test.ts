import { describe, expect, it } from 'vitest';
import { rng } from '../../src/pipeline/core/rng.js';
import { censoringOf, observedChance } from '../../src/operators/survival/censoring.js';
import { followUpOf } from '../../src/operators/survival/follow-up.js';
import { kaplanMeier, medianSurvival, survivalKnownAt } from '../../src/operators/survival/kaplan-meier.js';
import { logRankTest } from '../../src/operators/survival/log-rank.js';
import { numbersAtRisk } from '../../src/operators/survival/risk-table.js';
import { chiSquareUpper } from '../../src/operators/stats/tail-probability.js';
import { inventedFollowUp } from '../support/invented-follow-up.js';
import { vectorsFolder } from '../support/shared.js';
import { survivalCases, type TimesAndEvents } from '../support/survival-vectors.js';

interface CurveVector extends TimesAndEvents {
  readonly times: readonly number[];
  readonly atRisk: readonly number[];
  readonly deaths: readonly number[];
  readonly S: readonly number[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  readonly greenwoodSe: Readonly<Record<string, number | null>>;
  readonly median: number | 'inf';
  readonly medianCi_lifelines: readonly (number | 'inf')[];
  readonly medianCi_statsmodels_log: readonly (number | 'inf')[];
}
const days = (value: number | 'inf' | undefined): number | null => (typeof value === 'number' ? value : null);

describe.skipIf(vectorsFolder === null)('curves against reference vectors', () => {
  it.each(survivalCases<CurveVector>('kaplan_meier'))('Kaplan-Meier of $n patients', (vector) => {
    const km = kaplanMeier(followUpOf(vector.time, vector.event));
    expect([...km.times]).toEqual(vector.times);
    expect([...km.atRisk]).toEqual(vector.atRisk);
    expect([...km.events]).toEqual(vector.deaths);
    vector.times.forEach((time, at) => {
      expect(km.survival[at]).toBeCloseTo(vector.S[at] ?? NaN, 10);
      expect(km.lower[at]).toBeCloseTo(vector.lower[at] ?? NaN, 10);
      expect(km.upper[at]).toBeCloseTo(vector.upper[at] ?? NaN, 10);
      const se = vector.greenwoodSe[time.toFixed(1)] ?? vector.greenwoodSe[String(time)];
      if (typeof se === 'number')
        expect((km.survival[at] ?? NaN) * Math.sqrt(km.variance[at] ?? NaN)).toBeCloseTo(se, 10);
    });
    expect(medianSurvival(km)).toEqual({
      days: days(vector.median),
      lower: days(vector.medianCi_lifelines[0]),
      upper: days(vector.medianCi_lifelines[1]),
    });
    expect(medianSurvival(km, 'log')).toEqual({
      days: days(vector.median),
      lower: days(vector.medianCi_statsmodels_log[0]),
      upper: days(vector.medianCi_statsmodels_log[1]),
    });
  });

  it.each(survivalCases<TimesAndEvents & { at: readonly number[]; G: readonly number[] }>('censoring_km'))(
    'chance to be observed, of $n patients',
    ({ time, event, at, G }) => {
      const censoring = censoringOf(followUpOf(time, event));
      at.forEach((when, i) => {
        const expected = G[i] ?? NaN;
        const got = observedChance(censoring, when);
        if (expected === 0 || when > censoring.lastTime) expect(got).toBeNull();
        else expect(got).toBeCloseTo(expected, 10);
      });
    },
  );

  interface LogRankVector extends TimesAndEvents {
    readonly group: readonly number[];
    readonly group3: readonly number[];
    readonly stratum: readonly number[];
    readonly chi2: number;
    readonly p: number;
    readonly chi2_3: number;
    readonly p_3: number;
    readonly chi2_stratified: number;
    readonly p_stratified: number;
  }
  it.each(survivalCases<LogRankVector>('logrank'))('log-rank tests of $n patients', (vector) => {
    const followUp = followUpOf(vector.time, vector.event);
    const two = logRankTest(followUp, vector.group, 2);
    expect(two.chiSquare).toBeCloseTo(vector.chi2, 10);
    expect(two.p).toBeCloseTo(vector.p, 10);
    const three = logRankTest(followUp, vector.group3, 3);
    expect(three.chiSquare).toBeCloseTo(vector.chi2_3, 10);
    expect(three.p).toBeCloseTo(vector.p_3, 10);
    const stratified = logRankTest(followUp, vector.group, 2, vector.stratum);
    expect(stratified.chiSquare).toBeCloseTo(vector.chi2_stratified, 10);
    expect(stratified.p).toBeCloseTo(vector.p_stratified, 10);
  });
});

describe('Kaplan-Meier', () => {
  it('multiplies the shares that live on, and censors after the events of a time', () => {
    const km = kaplanMeier(followUpOf([2, 4, 4, 6], [1, 1, 0, 1]));
    expect([...km.times]).toEqual([2, 4, 6]);
    expect([...km.atRisk]).toEqual([4, 3, 1]);
    expect(km.survival[1]).toBeCloseTo(0.5, 14);
    expect(km.variance[1]).toBeCloseTo(1 / 12 + 1 / 6, 14);
    expect([km.survival[2], km.lower[2], km.upper[2]]).toEqual([0, 0, 0]);
  });

  it('has a median where the curve is one half up to rounding', () => {
    // A product of fractions that is exactly one half may be rounded to a larger number, for example 4/5 * 3/4 * 5/6.
    // The median must be found nevertheless.
    for (let patients = 4; patients < 60; patients += 2) {
      const time = Array.from({ length: patients }, (_, i) => i + 1);
      const km = kaplanMeier(
        followUpOf(
          time,
          time.map(() => 1),
        ),
      );
      expect(medianSurvival(km).days).toBe(patients / 2);
    }
  });

  it('has no median that was not reached, and no ends of its interval', () => {
    const time = Array.from({ length: 20 }, (_, i) => i + 1);
    const km = kaplanMeier(
      followUpOf(
        time,
        time.map((day) => (day < 3 ? 1 : 0)),
      ),
    );
    expect(medianSurvival(km)).toEqual({ days: null, lower: null, upper: null });
  });

  it('knows nothing beyond the follow-up unless everybody had the event, and nothing of nobody', () => {
    const open = kaplanMeier(followUpOf([2, 5], [1, 0]));
    expect(survivalKnownAt(open, 1).value).toBe(1);
    expect(survivalKnownAt(open, 5).value).toBe(0.5);
    expect(survivalKnownAt(open, 6)).toEqual({
      value: null,
      reason: '6 days is beyond the follow-up of 5 days',
    });
    expect(survivalKnownAt(kaplanMeier(followUpOf([2, 5], [0, 1])), 6).value).toBe(0);
    expect(survivalKnownAt(kaplanMeier(followUpOf([], [])), 6).reason).toBe('no patients');
  });

  it('counts who is at risk at a time', () => {
    expect(numbersAtRisk(followUpOf([2, 4, 4, 6], [1, 1, 0, 1]), [0, 2, 4, 5, 7])).toEqual([4, 4, 3, 1, 0]);
  });
});

describe('the chance to be observed', () => {
  it('takes events before censorings of the same time', () => {
    const censoring = censoringOf(followUpOf([3, 3, 5], [1, 0, 1]));
    expect(observedChance(censoring, 2.9)).toBe(1);
    expect(observedChance(censoring, 3)).toBe(0.5);
    expect(observedChance(censoring, 5)).toBe(0.5);
    expect(observedChance(censoring, 5.1)).toBeNull();
  });

  it('has no weight where it is 0, and without patients', () => {
    expect(observedChance(censoringOf(followUpOf([3, 5], [1, 0])), 5)).toBeNull();
    expect(observedChance(censoringOf(followUpOf([], [])), 1)).toBeNull();
  });
});

describe('the log-rank test', () => {
  it('is the hypergeometric excess of one event at a time', () => {
    // Day 1: 4 patients at risk, 2 of them in group 0; one of group 0 dies.
    // Day 2: 3 patients at risk, 2 of them in group 1; one of group 1 dies.
    const test = logRankTest(followUpOf([1, 2, 5, 5], [1, 1, 0, 0]), [0, 1, 0, 1], 2);
    const excess = 1 - (1 / 2 + 1 / 3);
    expect(test.chiSquare).toBeCloseTo(excess ** 2 / (1 / 4 + 2 / 9), 12);
    expect(test).toMatchObject({ degrees: 1, reason: null });
    expect(test.groups[0]).toMatchObject({ patients: 2, observed: 1, expected: 1 / 2 + 1 / 3 });
  });

  it('does not depend on the order of groups or patients, and empty groups cost no degree of freedom', () => {
    const stream = rng(7, 'log-rank');
    const patients = inventedFollowUp(stream, 90);
    const group = Array.from({ length: 90 }, () => stream.int(3));
    const three = logRankTest(patients, group, 3);
    const other = logRankTest(
      patients,
      group.map((g) => [4, 0, 2][g] as number),
      5,
    );
    expect(other.chiSquare).toBeCloseTo(three.chiSquare ?? NaN, 10);
    expect([three.degrees, other.degrees]).toEqual([2, 2]);
  });

  it.each([
    ['no event', [1, 2], [0, 0], [0, 1]],
    ['one group', [1, 2], [1, 1], [0, 0]],
    ['one group gone before the first event', [1, 2, 3], [0, 1, 1], [0, 1, 1]],
    ['nobody', [], [], []],
  ])('is undefined, with its reason: %s', (_, time, event, group) => {
    expect(logRankTest(followUpOf(time, event), group, 2)).toMatchObject({
      chiSquare: null,
      p: null,
      reason: 'no event at a time when two groups are observed',
    });
  });

  it('never compares groups of different strata', () => {
    const followUp = followUpOf([1, 2, 3, 4], [1, 1, 1, 1]);
    expect(logRankTest(followUp, [0, 0, 1, 1], 2, [0, 0, 1, 1]).p).toBeNull();
  });
});

describe('the tail of a chi-square', () => {
  it.each([
    // Columns: x, degrees of freedom, upper tail probability (scipy.stats.chi2.sf).
    [3.841458820694124, 1, 0.05],
    [5.991464547107979, 2, 0.05],
    [16.918977604620448, 9, 0.05],
    [18.307038053275146, 10, 0.05],
    [80, 10, 5.020464318829132e-13],
    [150, 3, 2.6349139284880416e-32],
  ])('of %d with %d degrees of freedom', (x, degrees, p) => {
    expect(chiSquareUpper(x, degrees) / p).toBeCloseTo(1, 10);
  });

  it('is 1 at 0', () => {
    for (const degrees of [1, 2, 5, 6]) expect(chiSquareUpper(0, degrees)).toBe(1);
  });
});
