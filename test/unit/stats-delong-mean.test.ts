import { describe, expect, it } from 'vitest';
import { delongMeanTest } from '../../src/operators/stats/delong-mean.js';
import type { Label } from '../../src/operators/stats/labels.js';

/** The check case of method.md 9.5: AUC 0.8714286 and 0.6428571, variance 0.02261905. */
const check = {
  labels: [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0] as Label[],
  scoresA: [0.9, 0.8, 0.7, 0.55, 0.3, 0.6, 0.4, 0.35, 0.3, 0.2, 0.1, 0.05],
  scoresB: [0.6, 0.9, 0.4, 0.5, 0.35, 0.7, 0.65, 0.3, 0.45, 0.2, 0.15, 0.5],
};
/**
 * Two positives, two negatives. V10 and V01 are DeLong's terms of method.md 9.5. Method A gives the positives the
 * scores 2 and 3, the negatives 1 and 4. Each positive scores higher than one of the two negatives: AUC 1/2, V10 =
 * (1/2, 1/2). The negative with score 1 is below both positives, the negative with score 4 below none: V01 = (1, 0).
 * Method B separates perfectly, so all its V are 1. Variance of the difference: cov(V01) / 2 = 0.5 / 2.
 */
const small = { labels: [1, 1, 0, 0] as Label[], scoresA: [2, 3, 1, 4], scoresB: [3, 4, 1, 2] };
const oneDeath = { labels: [1, 0, 0] as Label[], scoresA: [1, 2, 3], scoresB: [3, 2, 1] };

describe("DeLong's test on the mean difference of folds", () => {
  it('averages the differences and divides the summed variances by n squared', () => {
    const got = delongMeanTest([check, small]);
    const difference = (0.8714285714285714 - 0.6428571428571429 + (0.5 - 1)) / 2;
    expect(got?.difference).toBeCloseTo(difference, 12);
    expect(got?.z).toBeCloseTo(difference / Math.sqrt((0.022619047619047618 + 0.25) / 4), 10);
  });

  it("is DeLong's test for one fold", () => {
    const got = delongMeanTest([check]);
    expect(got?.z).toBeCloseTo(1.5197942, 7);
    expect(got?.p).toBeCloseTo(0.1285627, 7);
  });

  it('leaves out folds where a class has fewer than two patients', () => {
    expect(delongMeanTest([oneDeath, check, { labels: [], scoresA: [], scoresB: [] }])).toEqual(
      delongMeanTest([check]),
    );
    expect(delongMeanTest([oneDeath])).toBeNull();
    expect(delongMeanTest([])).toBeNull();
  });

  it('tests nothing when no fold has variance', () => {
    const same = { ...check, scoresB: check.scoresA };
    expect(delongMeanTest([same, same])).toEqual({ difference: 0, z: null, p: 1 });
  });
});
