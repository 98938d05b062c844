import { describe, expect, it } from 'vitest';
import { rng } from '../../src/pipeline/core/rng.js';

import { curveTimes, summarizeCurve } from '../../src/operators/survival/curve-summary.js';
import { followUpOf, year } from '../../src/operators/survival/follow-up.js';
import { logRankTest } from '../../src/operators/survival/log-rank.js';
import { riskCuts, riskGroups, type TestedPatient } from '../../src/operators/survival/risk-groups.js';

const patients = (risks: readonly number[], folds: number): TestedPatient[] =>
  risks.map((risk, i) => ({
    patient: `P${i}`,
    fold: i % folds,
    risk,
    time: 100 + 50 * ((7 * i) % 13),
    event: i % 3 === 0 ? 0 : 1,
  }));

describe('cuts between risk groups', () => {
  it('are the median, or other quantiles, of training risks', () => {
    expect(riskCuts([4, 1, 3, 2])).toEqual([2.5]);
    expect(riskCuts([0, 3, 6, 9], 3)).toEqual([3, 6]);
  });

  it('are refused of no risks and of NaN', () => {
    expect(() => riskCuts([])).toThrow(RangeError);
    expect(() => riskCuts([1, NaN])).toThrow(RangeError);
  });
});

describe('risk groups', () => {
  it('are cut by the training risks of the own fold', () => {
    // Fold 0 has small risks, fold 1 large ones. If both had the same cut, each group would be one of the folds.
    const tested = patients([0, 10, 2, 12, 0, 10, 2, 12], 2);
    const { groups } = riskGroups(
      tested,
      new Map([
        [0, [1]],
        [1, [11]],
      ]),
    );
    expect(groups.map(({ name, patients: count }) => [name, count])).toEqual([
      ['low risk', 4],
      ['high risk', 4],
    ]);
  });

  it('have curves, medians, numbers at risk and a log-rank test stratified by fold', () => {
    const stream = rng(1, 'groups');
    const tested = patients(
      Array.from({ length: 60 }, () => stream.normal()),
      3,
    );
    const cuts = new Map([0, 1, 2].map((fold) => [fold, [-0.4, 0.4]]));
    const { groups, times, logRank } = riskGroups(tested, cuts);
    const groupOf = ({ risk }: TestedPatient): number => (risk > 0.4 ? 2 : risk > -0.4 ? 1 : 0);
    groups.forEach(({ name, patients: count, events, atRisk, median, curve }, g) => {
      const members = tested.filter((one) => groupOf(one) === g);
      expect(name).toBe(['low risk', 'medium risk', 'high risk'][g]);
      expect(count).toBe(members.length);
      expect(events).toBe(members.filter(({ event }) => event === 1).length);
      expect(atRisk).toEqual(times.map((days) => members.filter(({ time }) => time >= days).length));
      expect(median.days).not.toBeNull();
      expect(curve.times.length).toBeGreaterThan(3);
    });
    const expected = logRankTest(
      followUpOf(
        tested.map(({ time }) => time),
        tested.map(({ event }) => event),
      ),
      tested.map(groupOf),
      3,
      tested.map(({ fold }) => fold),
    );
    expect(logRank).toEqual(expected);
  });

  it('may be empty, because training risks are more extreme', () => {
    const { groups, logRank } = riskGroups(patients([1, 2, 3], 1), new Map([[0, [50]]]));
    expect(groups[1]).toMatchObject({ patients: 0, events: 0, median: { days: null } });
    expect(logRank.p).toBeNull();
  });

  it('refuse a risk that is NaN, a patient of two repeats, and a fold without its cuts', () => {
    const cuts = new Map([[0, [1]]]);
    expect(() => riskGroups(patients([1, NaN], 1), cuts)).toThrow(/risk of patient 1 is NaN/);
    const twice = patients([1, 2], 1).map((one) => ({ ...one, patient: 'P' }));
    expect(() => riskGroups(twice, cuts)).toThrow(/there twice/);
    expect(() => riskGroups(patients([1, 2], 2), cuts)).toThrow(/fold 1 does not have 1 cuts/);
    const other = new Map([
      [0, [1]],
      [1, [1, 2]],
    ]);
    expect(() => riskGroups(patients([1, 2], 2), other)).toThrow(/fold 1 does not have 1 cuts/);
  });
});

describe('the summary of a curve', () => {
  it('gives numbers at risk at whole steps of years, at most eight', () => {
    const upTo = (years: number): readonly number[] =>
      curveTimes(followUpOf([years * year], [1])).map((days) => days / year);
    expect(upTo(5.5)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(upTo(20)).toEqual([0, 5, 10, 15, 20]);
    expect(upTo(1)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    for (const years of [0.01, 0.4, 3, 9, 15.9, 120]) expect(upTo(years).length).toBeLessThanOrEqual(8);
    expect(curveTimes(followUpOf([], []))).toEqual([0]);
  });

  it('counts patients and events', () => {
    expect(summarizeCurve('all', followUpOf([1, 2, 3], [1, 1, 0]), [0, 2])).toMatchObject({
      name: 'all',
      patients: 3,
      events: 2,
      median: { days: 2 },
      atRisk: [3, 2],
    });
  });
});
