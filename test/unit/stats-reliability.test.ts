import { describe, expect, it } from 'vitest';
import { metricsOf } from '../../src/operators/evaluation/metrics.js';
import { reliabilityOf } from '../../src/operators/stats/reliability.js';
import { predicted } from '../support/invented-results.js';

describe('reliability', () => {
  it('weighs the gap of each bin by its patients', () => {
    // Bin [0.2, 0.3) has the predictions 0.22 and 0.28; one of two patients died, gap 0.25. Bin [0.9, 1] has the
    // predictions 0.9, 0.9 and 1; two of three died, gap 4/15.
    const { ece, bins } = reliabilityOf([1, 0, 1, 1, 0], [0.22, 0.28, 0.9, 0.9, 1]);
    expect(bins.map(({ from, to, patients }) => [from, to, patients])).toEqual([
      [0.2, 0.3, 2],
      [0.9, 1, 3],
    ]);
    expect(bins[0]?.predicted).toBeCloseTo(0.25, 12);
    expect(bins[0]?.observed).toBe(0.5);
    expect(bins[1]?.predicted).toBeCloseTo(2.8 / 3, 12);
    expect(bins[1]?.observed).toBeCloseTo(2 / 3, 12);
    expect(ece).toBeCloseTo((2 * 0.25 + 3 * (2.8 / 3 - 2 / 3)) / 5, 12);
  });

  it('takes the size of a gap, not its sign', () => {
    // Without absolute values, the gaps +0.35 and -0.35 would cancel each other.
    expect(reliabilityOf([0, 1], [0.35, 0.65]).ece).toBeCloseTo(0.35, 12);
  });

  it('puts a probability on a border into the bin above, and 1 into the last', () => {
    const { bins } = reliabilityOf([0, 0, 1], [0, 0.5, 1]);
    expect(bins.map(({ from }) => from)).toEqual([0, 0.5, 0.9]);
  });

  it('is perfect when in every bin as many die as predicted, and undefined without patients', () => {
    expect(reliabilityOf([1, 0, 0, 0], [0.25, 0.25, 0.25, 0.25]).ece).toBe(0);
    expect(reliabilityOf([], [])).toEqual({ ece: null, bins: [] });
  });

  it('refuses what is no probability', () => {
    expect(() => reliabilityOf([1], [Number.NaN])).toThrow(RangeError);
    expect(() => reliabilityOf([1], [-0.2])).toThrow(RangeError);
  });

  it('is among the metrics of a set of predictions', () => {
    expect(metricsOf([predicted('001', 1, 0, { p: 0.75 })]).ece).toBe(0.25);
    expect(metricsOf([]).ece).toBeNull();
  });
});
