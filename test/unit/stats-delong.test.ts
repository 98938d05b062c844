import { describe, expect, it } from 'vitest';
import { aucVariance, delongTest } from '../../src/operators/stats/delong.js';
import type { Label } from '../../src/operators/stats/labels.js';
import { vectorCases, vectorsFolder } from '../support/shared.js';

interface DeLongCase {
  readonly name: string;
  readonly label: readonly Label[];
  readonly score_a: readonly number[];
  readonly score_b: readonly number[];
  readonly auc_a: number;
  readonly auc_b: number;
  readonly cov: readonly [readonly [number, number], readonly [number, number]];
  readonly var_diff: number;
  readonly z: number | null;
  readonly p: number;
}

describe.skipIf(vectorsFolder === null)("DeLong's test against reference vectors", () => {
  it.each(vectorCases<DeLongCase>('delong'))('$name', (expected) => {
    const got = delongTest(expected.label, expected.score_a, expected.score_b);
    if (got === null) throw new Error('both classes are there');
    expect(got.aucA).toBeCloseTo(expected.auc_a, 10);
    expect(got.aucB).toBeCloseTo(expected.auc_b, 10);
    for (const [i, row] of expected.cov.entries())
      for (const [j, value] of row.entries()) expect(got.covariance[i]?.[j]).toBeCloseTo(value, 12);
    expect(got.varianceOfDifference).toBeCloseTo(expected.var_diff, 12);
    if (expected.z === null) expect(got.z).toBeNull();
    else expect(got.z).toBeCloseTo(expected.z, 9);
    expect(Math.abs(got.p / expected.p - 1)).toBeLessThan(1e-9);
    expect(aucVariance(expected.label, expected.score_a)).toBeCloseTo(expected.cov[0][0], 12);
  });
});

describe("DeLong's test", () => {
  const labels: Label[] = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
  const a = [0.9, 0.8, 0.7, 0.55, 0.3, 0.6, 0.4, 0.35, 0.3, 0.2, 0.1, 0.05];
  const b = [0.6, 0.9, 0.4, 0.5, 0.35, 0.7, 0.65, 0.3, 0.45, 0.2, 0.15, 0.5];

  it('gives the check values of method.md 9.5', () => {
    const got = delongTest(labels, a, b);
    expect(got?.aucA).toBeCloseTo(0.8714286, 7);
    expect(got?.aucB).toBeCloseTo(0.6428571, 7);
    expect(got?.varianceOfDifference).toBeCloseTo(0.02261905, 8);
    expect(got?.z).toBeCloseTo(1.5197942, 7);
    expect(got?.p).toBeCloseTo(0.1285627, 7);
  });

  it('turns its sign with the order of the models', () => {
    expect(delongTest(labels, b, a)?.z).toBeCloseTo(-1.5197942, 7);
  });

  it('finds no difference between a model and a monotone transform of it', () => {
    const got = delongTest(
      labels,
      a,
      a.map((score) => Math.log(score)),
    );
    expect(got).toMatchObject({ varianceOfDifference: 0, z: null, p: 1 });
  });

  it('is undefined when a class has fewer than two patients', () => {
    expect(delongTest([1, 0, 0], [3, 2, 1], [1, 2, 3])).toBeNull();
  });
});
