import { describe, expect, it } from 'vitest';
import { brierScore } from '../../src/operators/stats/brier.js';
import { classify } from '../../src/operators/stats/classification.js';
import { mean, populationStd } from '../../src/operators/stats/spread.js';

describe('classification at a threshold', () => {
  it('counts both kinds of errors', () => {
    // Two of three deceased and three of four living patients are classified correctly.
    const got = classify([1, 1, 1, 0, 0, 0, 0], [0.9, 0.6, 0.2, 0.7, 0.1, 0.2, 0.3]);
    expect(got.accuracy).toBeCloseTo(5 / 7, 12);
    expect(got.sensitivity).toBeCloseTo(2 / 3, 12);
    expect(got.specificity).toBe(0.75);
    expect(got.balancedAccuracy).toBeCloseTo((2 / 3 + 0.75) / 2, 12);
  });

  it('calls a patient at the threshold deceased', () => {
    expect(classify([1, 0], [0.5, 0.5])).toMatchObject({ sensitivity: 1, specificity: 0 });
    expect(classify([1, 0], [0.3, 0.2], 0.3)).toMatchObject({ sensitivity: 1, specificity: 1 });
  });

  it('leaves undefined what speaks of an absent class', () => {
    expect(classify([0, 0], [0.1, 0.9])).toEqual({
      accuracy: 0.5,
      sensitivity: null,
      specificity: 0.5,
      balancedAccuracy: null,
    });
    expect(classify([], []).accuracy).toBeNull();
  });
});

describe('summaries', () => {
  it('scores probabilities by their squared distance to the outcome', () => {
    expect(brierScore([1, 0], [0.8, 0.4])).toBeCloseTo((0.04 + 0.16) / 2, 12);
    expect(brierScore([], [])).toBeNull();
  });

  it('divides by n in the standard deviation over folds', () => {
    expect(mean([1, 2, 3, 6])).toBe(3);
    expect(populationStd([1, 2, 3, 6])).toBeCloseTo(Math.sqrt(3.5), 12);
    expect(populationStd([0.7])).toBe(0);
  });
});
