import { describe, expect, it } from 'vitest';
import { mcnemarTest } from '../../src/operators/stats/mcnemar.js';
import { vectorCases, vectorsFolder } from '../support/shared.js';

interface McNemarCase {
  readonly b: number;
  readonly c: number;
  readonly exact_p: number;
  readonly chi2_continuity: number | null;
  readonly chi2_continuity_p: number | null;
  readonly chi2: number | null;
  readonly chi2_p: number | null;
}

describe.skipIf(vectorsFolder === null)("McNemar's test against reference vectors", () => {
  it.each(vectorCases<McNemarCase>('mcnemar'))('discordant $b and $c', (expected) => {
    const got = mcnemarTest(expected.b, expected.c);
    expect(got.exactP).toBeCloseTo(expected.exact_p, 10);
    if (expected.chi2 === null) {
      expect(got).toMatchObject({ continuity: null, uncorrected: null });
      return;
    }
    expect(got.continuity?.statistic).toBeCloseTo(expected.chi2_continuity ?? Number.NaN, 10);
    expect(got.continuity?.p).toBeCloseTo(expected.chi2_continuity_p ?? Number.NaN, 10);
    expect(got.uncorrected?.statistic).toBeCloseTo(expected.chi2, 10);
    expect(got.uncorrected?.p).toBeCloseTo(expected.chi2_p ?? Number.NaN, 10);
  });
});

describe("McNemar's test", () => {
  it.each([
    [10, 3, 0.0922852, 0.0960923],
    [60, 35, 0.0133787, 0.0138031],
  ])('gives the check values of method.md 9.5 for %i and %i', (first, second, exact, corrected) => {
    const got = mcnemarTest(first, second);
    expect(got.exactP).toBeCloseTo(exact, 7);
    expect(got.continuity?.p).toBeCloseTo(corrected, 7);
  });

  it('gives the uncorrected check value of method.md 9.5', () => {
    expect(mcnemarTest(10, 3).uncorrected?.p).toBeCloseTo(0.0522036, 7);
  });

  it('does not depend on which model comes first', () => {
    expect(mcnemarTest(3, 10)).toEqual(mcnemarTest(10, 3));
  });

  it('finds nothing when the models never disagree', () => {
    expect(mcnemarTest(0, 0)).toEqual({ exactP: 1, continuity: null, uncorrected: null });
  });
});
