import { describe, expect, it } from 'vitest';
import { rng } from '../../src/pipeline/core/rng.js';
import { headRows, instanceLoss } from '../../src/operators/stage1/instance-loss.js';
import { extremes } from '../../src/operators/stage1/ranking.js';
import { vectorCases, vectorsFolder } from '../support/shared.js';

interface InstanceLossCase {
  name: string;
  N: number;
  k: number;
  in_class: boolean;
  scores: number[];
  x: number[][];
  W: number[][];
  b: number[];
  top: number[];
  bottom: number[];
  targets: number[];
  loss: number;
  grad: { x: number[][]; W: number[][]; b: number[] };
}

const closeTo = (actual: ArrayLike<number>, wanted: readonly number[]): void =>
  wanted.forEach((value, i) => expect(Math.abs((actual[i] as number) - value)).toBeLessThan(1e-6));

describe.skipIf(vectorsFolder === null)('the instance loss against PyTorch', () => {
  it.each(vectorCases<InstanceLossCase>('instance_loss'))('$name', (c) => {
    const { rows, targets } = headRows(c.scores, c.k, c.in_class);
    expect(rows).toEqual([...c.top, ...c.bottom]);
    expect(targets).toEqual(c.targets);

    // Instance head 1 (one per class, method.md 4.2) has the weights of the test case, and head 0 has constant logits.
    // In-class term: the label is 1, and the loss is that of head 1. Out-of-class term: the label is 0, and
    // `instanceLoss` gives half of the sum of the losses of both heads.
    const head = 1;
    const logitsOf = (row: number): number[] =>
      c.b.map((bias, j) =>
        (c.x[row] as number[]).reduce((sum, value, d) => sum + value * (c.W[d]?.[j] as number), bias),
      );
    const logits = Array.from({ length: c.N }, (_, row) => [0, 0, ...logitsOf(row)]).flat();
    const gradient = new Float32Array(4 * c.N);
    const options = { k: c.k, subtyping: !c.in_class, heads: 'both' } as const;
    const heads = c.in_class ? 1 : 2;
    const total = instanceLoss(c.scores, logits, c.in_class ? 1 : 0, options, gradient, heads);
    const other = c.in_class ? 0 : Math.log(2);
    expect(Math.abs(heads * total - other - c.loss)).toBeLessThan(1e-9);

    const dLogits = (row: number, j: number): number => gradient[4 * row + 2 * head + j] as number;
    const all = Array.from({ length: c.N }, (_, row) => row);
    closeTo(
      all.flatMap((row) => c.W.map((w) => w.reduce((sum, value, j) => sum + value * dLogits(row, j), 0))),
      c.grad.x.flat(),
    );
    closeTo(
      c.W.flatMap((_, d) =>
        [0, 1].map((j) => all.reduce((sum, row) => sum + (c.x[row]?.[d] as number) * dLogits(row, j), 0)),
      ),
      c.grad.W.flat(),
    );
    closeTo(
      [0, 1].map((j) => all.reduce((sum, row) => sum + dLogits(row, j), 0)),
      c.grad.b,
    );
  });
});

describe('ranking by score', () => {
  it('agrees with sorting, earlier rows first among ties', () => {
    const stream = rng(2, 'scores');
    for (let size = 1; size < 40; size++) {
      const scores = Array.from({ length: size }, () => stream.int(12));
      const order = scores.map((_, i) => i);
      const descending = [...order].sort((a, b) => (scores[b] as number) - (scores[a] as number));
      const ascending = [...order].sort((a, b) => (scores[a] as number) - (scores[b] as number));
      const k = Math.min(8, size);
      expect(extremes(scores, k, 1)).toEqual(descending.slice(0, k));
      expect(extremes(scores, k, -1)).toEqual(ascending.slice(0, k));
    }
  });
});

describe('the instance loss', () => {
  it('with the head of the deceased alone, is its term as it is among both heads', () => {
    const scores = [3, 1, 2, 0.5];
    const stream = rng(3, 'logits');
    const alone = Array.from({ length: 8 }, () => stream.normal());
    // The added head of the living has equal logits, so it contributes log 2 for each chosen row.
    const both = scores.flatMap((_, row) => [0, 0, ...alone.slice(2 * row, 2 * row + 2)]);
    for (const y of [0, 1] as const)
      for (const subtyping of [true, false]) {
        const [into, intoBoth] = [new Float32Array(8), new Float32Array(16)];
        const loss = instanceLoss(scores, alone, y, { k: 2, subtyping, heads: 'deceased' }, into, 1);
        const whole = instanceLoss(scores, both, y, { k: 2, subtyping, heads: 'both' }, intoBoth, 1);
        const ofLiving = subtyping ? Math.log(2) / 2 : y === 0 ? Math.log(2) : 0;
        expect(loss).toBeCloseTo(whole - ofLiving, 12);
        closeTo(
          into,
          scores.flatMap((_, row) => [...intoBoth.subarray(4 * row + 2, 4 * row + 4)]),
        );
        expect(into.some((value) => value !== 0)).toBe(subtyping || y === 1);
      }
  });

  it('scales its gradient, not its value, and adds to what is there', () => {
    const [scores, logits] = [
      [3, 1, 2],
      [0.1, 0.4, -1, 2, 0, 0.3, 1, 1, 0.2, -0.2, 0.5, 0],
    ];
    const once = new Float32Array(12);
    const twice = new Float32Array(12).fill(1);
    const options = { k: 1, subtyping: true, heads: 'both' } as const;
    const a = instanceLoss(scores, logits, 1, options, once, 1);
    const b = instanceLoss(scores, logits, 1, options, twice, 2);
    expect(a).toBe(b);
    closeTo(
      twice,
      [...once].map((value) => 1 + 2 * value),
    );
    expect(instanceLoss(scores, logits, 1, options, null, 1)).toBe(a);
  });
});
