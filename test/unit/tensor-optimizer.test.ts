import { describe, expect, it } from 'vitest';
import { rng } from '../../src/pipeline/core/rng.js';
import { Adam } from '../../src/operators/tensor/adam.js';
import { EarlyStopping } from '../../src/operators/tensor/early-stopping.js';
import { Plateau } from '../../src/operators/tensor/plateau.js';
import { vectorCases, vectorsFolder } from '../support/shared.js';

interface AdamCase {
  name: string;
  A: number[][];
  b: number[];
  w0: number[];
  lr: number;
  betas: [number, number];
  eps: number;
  weight_decay: number;
  w: number[][];
  m: number[];
  v: number[];
}

interface PlateauCase {
  name: string;
  mode: 'min' | 'max';
  patience: number;
  factor: number;
  threshold: number;
  threshold_mode: 'rel' | 'abs';
  cooldown: number;
  min_lr: number;
  lr0: number;
  metric: number[];
  lr_after: number[];
}

describe.skipIf(vectorsFolder === null)('Adam against PyTorch', () => {
  it.each(vectorCases<AdamCase>('adam'))('$name', (c) => {
    const w = Float64Array.from(c.w0);
    const [beta1, beta2] = c.betas;
    const adam = new Adam(w, { weightDecay: c.weight_decay, beta1, beta2, epsilon: c.eps });
    const expectClose = (actual: Float64Array, wanted: readonly number[]): void =>
      wanted.forEach((value, i) => expect(Math.abs((actual[i] as number) - value)).toBeLessThan(1e-9));
    for (const wanted of c.w) {
      const gradient = c.A.map(
        (row, i) => row.reduce((sum, a, j) => sum + a * (w[j] as number), 0) - (c.b[i] as number),
      );
      adam.step(Float64Array.from(gradient), c.lr);
      expectClose(w, wanted);
    }
    expectClose(adam.m, c.m);
    expectClose(adam.v, c.v);
  });
});

describe('Adam', () => {
  it('moves float32 weights by the learning rate at first, against the gradient', () => {
    const w = Float32Array.from([1, -1, 2]);
    new Adam(w, { weightDecay: 0 }).step(Float32Array.from([0.3, -7, 0]), 0.01);
    expect([...w].map((value) => Number(value.toFixed(5)))).toEqual([0.99, -0.99, 2]);
  });

  it('finds the minimum of a quadratic', () => {
    const stream = rng(1, 'target');
    const target = Float32Array.from({ length: 20 }, () => stream.normal());
    const w = new Float32Array(20);
    const adam = new Adam(w, { weightDecay: 0 });
    for (let i = 0; i < 2000; i++)
      adam.step(
        w.map((value, j) => value - (target[j] as number)),
        0.01,
      );
    w.forEach((value, i) => expect(value).toBeCloseTo(target[i] as number, 3));
  });
});

describe.skipIf(vectorsFolder === null)('ReduceLROnPlateau against PyTorch', () => {
  it.each(vectorCases<PlateauCase>('plateau'))('$name', (c) => {
    const { mode, patience, factor, threshold, cooldown } = c;
    const plateau = new Plateau({
      ...{ mode, patience, factor, threshold, cooldown },
      thresholdMode: c.threshold_mode,
      minLr: c.min_lr,
      lr: c.lr0,
    });
    const rates = c.metric.map((metric) => {
      plateau.step(metric);
      return plateau.lr;
    });
    rates.forEach((lr, i) => expect(Math.abs(lr - (c.lr_after[i] as number))).toBeLessThan(1e-12));
  });
});

describe('early stopping', () => {
  const run = (direction: 'min' | 'max', patience: number, metrics: readonly (number | null)[]): string => {
    const stopping = new EarlyStopping(direction, patience);
    const stopped = metrics.findIndex((metric, i) => stopping.update(i + 1, metric).stop);
    return `best ${stopping.state.best?.epoch ?? 'none'}, stop ${stopped < 0 ? 'never' : stopped + 1}`;
  };

  it.each([
    ['keeps the earlier of two equal epochs', 'max', 3, [0.6, 0.7, 0.7, 0.7, 0.7], 'best 2, stop 5'],
    ['starts counting again at a strict improvement', 'max', 2, [0.6, 0.5, 0.61, 0.5, 0.5], 'best 3, stop 5'],
    ['minimises a loss', 'min', 2, [3, 2, 2.5, 1, 1.5], 'best 4, stop never'],
    ['takes an undefined metric as no improvement', 'max', 3, [null, null, null, 0.9], 'best none, stop 3'],
    ['takes NaN as no improvement', 'max', 2, [0.5, NaN, NaN], 'best 1, stop 3'],
    ['takes any first value', 'max', 5, [0], 'best 1, stop never'],
  ] as const)('%s', (_, direction, patience, metrics, wanted) => {
    expect(run(direction, patience, metrics)).toBe(wanted);
  });
});
