import { describe, expect, it } from 'vitest';
import { headRows, instanceLoss } from '../../src/operators/stage1/instance-loss.js';
import { alignmentLoss, type AlignmentOptions } from '../../src/operators/stage2/alignment.js';
import { patientSvd } from '../../src/operators/stage2/patient-svd.js';
import { Adam } from '../../src/operators/tensor/adam.js';

// These examples are small enough to compute by hand. They also run on machines without the shared test vectors.

describe('Adam by hand', () => {
  it('takes weight decay into the moments: a first step without gradient is the learning rate, towards zero', () => {
    const w = Float64Array.of(2, -3, 0);
    const adam = new Adam(w, { weightDecay: 0.1 });
    adam.step(new Float64Array(3), 0.01);
    // The decay is added to the gradient: g = 0.1 w. Adam divides g by its size, so each weight moves by the learning
    // rate, 0.01. With decoupled decay (AdamW), a weight would move by 0.01 * 0.1 * w.
    expect(w[0]).toBeCloseTo(1.99, 7);
    expect(w[1]).toBeCloseTo(-2.99, 7);
    expect(w[2]).toBe(0);
    expect(adam.m[0]).toBeCloseTo(0.1 * 0.2, 12);
    expect(adam.v[0]).toBeCloseTo(0.001 * 0.04, 12);
  });
});

describe('the instance loss by hand', () => {
  const scores = [0.2, 0.9, -0.4, 0.5];

  it('asks the head of the own class for the highest rows as 1 and the lowest as 0', () => {
    expect(headRows(scores, 1, true)).toEqual({ rows: [1, 2], targets: [1, 0] });
    expect(headRows(scores, 2, true)).toEqual({ rows: [1, 3, 2, 0], targets: [1, 1, 0, 0] });
  });

  it('asks the head of the other class for the highest rows as 0', () => {
    expect(headRows(scores, 2, false)).toEqual({ rows: [1, 3], targets: [0, 0] });
  });

  it('averages over rows, then over heads', () => {
    // Columns 0 and 1 are the logits of head 0, columns 2 and 3 those of head 1. If the logit of the target is higher
    // by `gap`, the loss is log(1 + e^-gap).
    const logits = [
      [0, 0, 0, 0],
      [3, 0, 0, 2],
      [0, 0, 1, 0],
      [0, 0, 0, 0],
    ].flat();
    const cost = (gap: number): number => Math.log(1 + Math.exp(-gap));
    const own = (cost(2) + cost(1)) / 2;
    expect(instanceLoss(scores, logits, 1, { k: 1, subtyping: false, heads: 'both' }, null, 1)).toBeCloseTo(
      own,
      12,
    );
    const both = (own + cost(3)) / 2;
    expect(instanceLoss(scores, logits, 1, { k: 1, subtyping: true, heads: 'both' }, null, 1)).toBeCloseTo(
      both,
      12,
    );
  });
});

describe('the sign of the leading vector by hand', () => {
  /**
   * The leading singular vectors v1 (right) and q1 (left) of method.md 5, for vectors in the plane that are not
   * normalised.
   */
  const leading = (...vectors: readonly (readonly number[])[]): { v1: number[]; q1: number[] } => {
    const observed = vectors.map((_, column) => column);
    const { right, q1 } = patientSvd(Float64Array.from(vectors.flat()), observed, 2, false, 'sum');
    return { v1: observed.map((row) => right[row * vectors.length] as number), q1: [...q1] };
  };

  it('is that of the sum of the columns, whatever the first one says', () => {
    for (const side of [1, -1]) {
      const { v1, q1 } = leading([-side, 0], [side, 0], [0.8 * side, 0.6 * side]);
      expect(v1[0]).toBeLessThan(-0.4);
      expect(v1[1]).toBeGreaterThan(0.4);
      expect(Math.sign(q1[0] as number)).toBe(side);
    }
  });

  it('is that of the first modality when the columns almost cancel', () => {
    // v1 is about (1, -1) / sqrt 2, so its sum is nearly 0. The length of the second vector decides the sign of the
    // sum.
    for (const side of [1, -1])
      for (const length of [1 - 5e-4, 1, 1 + 5e-4]) {
        const { v1, q1 } = leading([side, 0], [-0.8 * side * length, 0.6 * side * length]);
        expect(v1[0], `length ${length}`).toBeCloseTo(Math.SQRT1_2, 3);
        expect(v1[1]).toBeCloseTo(-Math.SQRT1_2, 3);
        expect(Math.sign(q1[0] as number)).toBe(side);
      }
  });
});

describe('alignment of vectors near zero, without normalisation', () => {
  const options: AlignmentOptions = {
    ...{ tauSv: 1, tauPd: 1, lambdaPD: 1, weight: 1 },
    normalize: false,
    sign: 'sum',
  };
  const group = (scale: number): Parameters<typeof alignmentLoss>[0] => ({
    u: Float64Array.of(scale, 0, 0.8 * scale, 0.6 * scale, 1, 0, 0.6, 0.8),
    mask: Uint8Array.of(1, 1, 1, 1),
    modalities: 2,
    width: 2,
  });
  const steepest = (scale: number): number =>
    alignmentLoss(group(scale), options)
      .gradient.subarray(0, 4)
      .reduce((max, g) => Math.max(max, Math.abs(g)), 0);

  it('moves a patient whose leading vector counts as zero by the singular values alone', () => {
    expect(alignmentLoss(group(1e-13), options).q1[0]).toEqual(new Float64Array(2));
    for (const scale of [1e-13, 1e-20, 0]) expect(steepest(scale), `${scale}`).toBeLessThanOrEqual(1);
    expect(steepest(1e-3)).toBeGreaterThan(10);
  });
});
