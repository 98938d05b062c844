import { describe, expect, it } from 'vitest';
import { holmAdjusted } from '../../src/operators/stats/holm.js';
import { vectorCases, vectorsFolder } from '../support/shared.js';

interface HolmCase {
  readonly name: string;
  readonly p: readonly number[];
  readonly alpha: number;
  readonly adjusted: readonly number[];
  readonly reject: readonly boolean[];
}

describe.skipIf(vectorsFolder === null)('Holm adjustment against reference vectors', () => {
  it.each(vectorCases<HolmCase>('holm'))('$name', ({ p, alpha, adjusted, reject }) => {
    const got = holmAdjusted(p);
    expect(got).toHaveLength(adjusted.length);
    for (const [i, value] of adjusted.entries()) expect(got[i]).toBeCloseTo(value, 12);
    expect(got.map((value) => value <= alpha)).toEqual(reject);
  });
});

describe('Holm adjustment', () => {
  it('multiplies the smallest by the count and never falls below a smaller one', () => {
    const got = holmAdjusted([0.03, 0.01, 0.04]);
    expect(got[1]).toBeCloseTo(0.03, 12);
    expect(got[0]).toBeCloseTo(0.06, 12);
    expect(got[2]).toBeCloseTo(0.06, 12);
  });

  it('of nothing is nothing', () => {
    expect(holmAdjusted([])).toEqual([]);
  });
});
