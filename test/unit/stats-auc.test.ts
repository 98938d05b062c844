import { describe, expect, it } from 'vitest';
import { auc } from '../../src/operators/stats/auc.js';
import { aucInterval95 } from '../../src/operators/stats/auc-interval.js';
import type { Label } from '../../src/operators/stats/labels.js';
import { midRanks } from '../../src/operators/stats/mid-ranks.js';
import { rocCurve } from '../../src/operators/stats/roc-curve.js';
import { vectorCases, vectorsFolder } from '../support/shared.js';

interface AucCase {
  readonly name: string;
  readonly label: readonly Label[];
  readonly score: readonly number[];
  readonly auc: number | null;
}
const cases = vectorCases<AucCase>('auc');

/** Area under the straight lines between the points of a ROC curve. */
const areaUnder = (points: NonNullable<ReturnType<typeof rocCurve>>): number =>
  points.slice(1).reduce((area, point, i) => {
    const before = points[i] as (typeof points)[number];
    const width = point.falsePositiveRate - before.falsePositiveRate;
    return area + (width * (point.truePositiveRate + before.truePositiveRate)) / 2;
  }, 0);

describe.skipIf(vectorsFolder === null)('auc against reference vectors', () => {
  it.each(cases)('$name', ({ label, score, auc: expected }) => {
    const got = auc(label, score);
    if (expected === null) expect(got).toBeNull();
    else expect(got).toBeCloseTo(expected, 12);
  });

  it.each(cases)('is the area under the ROC curve: $name', ({ label, score, auc: expected }) => {
    const curve = rocCurve(label, score);
    if (expected === null) expect(curve).toBeNull();
    else expect(areaUnder(curve ?? [])).toBeCloseTo(expected, 12);
  });
});

describe('auc', () => {
  it('counts a tie between the classes as one half', () => {
    expect(auc([1, 0, 0], [2, 2, 1])).toBe(0.75);
  });

  it('is undefined with one class only, and without patients', () => {
    expect(auc([1, 1], [0.2, 0.4])).toBeNull();
    expect(auc([], [])).toBeNull();
  });

  it('tells apart scores that differ in the last bit', () => {
    expect(auc([0, 1], [1, 1 + Number.EPSILON])).toBe(1);
  });

  it('refuses scores without an order and lists of different length', () => {
    expect(() => auc([0, 1], [Number.NaN, 1])).toThrow(RangeError);
    expect(() => auc([0, 1], [1])).toThrow(RangeError);
  });

  it('gives tied values the mean of their ranks', () => {
    expect(midRanks([5, 1, 5, 3])).toEqual([3.5, 1, 3.5, 2]);
  });
});

describe('the ROC curve', () => {
  it('has one corner per distinct score, from (0, 0) to (1, 1)', () => {
    expect(rocCurve([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1])).toEqual([
      { falsePositiveRate: 0, truePositiveRate: 0, threshold: null },
      { falsePositiveRate: 0, truePositiveRate: 0.5, threshold: 0.9 },
      { falsePositiveRate: 0.5, truePositiveRate: 1, threshold: 0.5 },
      { falsePositiveRate: 1, truePositiveRate: 1, threshold: 0.1 },
    ]);
  });
});

describe('the confidence interval of an AUC', () => {
  const labels: Label[] = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];

  it('is centred on the AUC and 1.96 DeLong standard errors wide on each side', () => {
    // These scores have the AUC 0.6428571 (method.md 9.5). `pairwiseVariance` computes the expected variance directly.
    const scores = [0.6, 0.9, 0.4, 0.5, 0.35, 0.7, 0.65, 0.3, 0.45, 0.2, 0.15, 0.5];
    const [low, high] = aucInterval95(labels, scores) ?? [Number.NaN, Number.NaN];
    expect((low + high) / 2).toBeCloseTo(0.6428571428571429, 12);
    expect((high - low) / 2 / 1.959963984540054).toBeCloseTo(Math.sqrt(pairwiseVariance(labels, scores)), 12);
  });

  it('stays within 0 and 1', () => {
    const scores = [0.9, 0.8, 0.7, 0.55, 0.3, 0.6, 0.4, 0.35, 0.3, 0.2, 0.1, 0.05];
    expect(aucInterval95(labels, scores)?.[1]).toBe(1);
  });

  it('is undefined when a class has fewer than two patients', () => {
    expect(aucInterval95([1, 0, 0], [3, 2, 1])).toBeNull();
  });
});

/** DeLong's variance straight from its definition, comparing every pair. */
function pairwiseVariance(labels: readonly Label[], scores: readonly number[]): number {
  const positive = scores.filter((_, i) => labels[i] === 1);
  const negative = scores.filter((_, i) => labels[i] === 0);
  const wins = (x: number, y: number): number => (x > y ? 1 : x === y ? 0.5 : 0);
  const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const variance = (values: readonly number[]): number =>
    values.reduce((sum, v) => sum + (v - average(values)) ** 2, 0) / (values.length - 1);
  const v10 = positive.map((x) => average(negative.map((y) => wins(x, y))));
  const v01 = negative.map((y) => average(positive.map((x) => wins(x, y))));
  return variance(v10) / positive.length + variance(v01) / negative.length;
}
