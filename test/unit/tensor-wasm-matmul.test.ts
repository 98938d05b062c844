import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { rng } from '../../src/pipeline/core/rng.js';
import { loadBackend } from '../../src/operators/tensor/backend.js';

const random = (shape: readonly number[], purpose: string): Float32Array => {
  const stream = rng(1, purpose);
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.normal());
};

/** `a b` by the definition, in float64, over broadcast batches. */
function expected(
  a: Float32Array,
  b: Float32Array,
  batchA: number[],
  batchB: number[],
  m: number,
  k: number,
  n: number,
  transposeA: boolean,
  transposeB: boolean,
): number[] {
  const result: number[] = [];
  batchA.forEach((layerA, index) => {
    const layerB = batchB[index] as number;
    for (let row = 0; row < m; row++)
      for (let column = 0; column < n; column++) {
        let sum = 0;
        for (let inner = 0; inner < k; inner++) {
          const left = transposeA ? inner * m + row : row * k + inner;
          const right = transposeB ? column * k + inner : inner * n + column;
          sum += (a[layerA * m * k + left] as number) * (b[layerB * k * n + right] as number);
        }
        result.push(sum);
      }
  });
  return result;
}

function expectClose(actual: ArrayLike<number>, wanted: readonly number[]): void {
  expect(actual.length).toBe(wanted.length);
  const worst = wanted.reduce((max, value, i) => Math.max(max, Math.abs((actual[i] as number) - value)), 0);
  expect(worst).toBeLessThan(1e-4);
}

const flags = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

describe('matMul on the wasm backend', () => {
  beforeAll(async () => {
    await loadBackend('wasm');
  });

  describe.each(flags)('with transposes %s, %s', (transposeA, transposeB) => {
    it.each([
      [5, 7, 3],
      [3, 7, 5],
      [1, 6, 4],
      [4, 6, 1],
      [64, 40, 128],
      [7, 1, 9],
      [5, 700, 3],
    ])('multiplies [%i x %i] by [.. x %i]', (m, k, n) => {
      const [a, b] = [random([m, k], 'a'), random([k, n], 'b')];
      const x = tf.tensor2d(a, transposeA ? [k, m] : [m, k]);
      const y = tf.tensor2d(b, transposeB ? [n, k] : [k, n]);
      const product = tf.matMul(x, y, transposeA, transposeB);
      expect(product.shape).toEqual([m, n]);
      expectClose(product.dataSync(), expected(a, b, [0], [0], m, k, n, transposeA, transposeB));
    });

    it('multiplies batches, and broadcasts a batch of one', () => {
      const [m, k, n] = [4, 5, 3];
      const [a, b] = [random([6, m, k], 'a'), random([3, k, n], 'b')];
      const x = tf.tensor<tf.Rank.R4>(a, transposeA ? [2, 3, k, m] : [2, 3, m, k]);
      const y = tf.tensor<tf.Rank.R4>(b, transposeB ? [1, 3, n, k] : [1, 3, k, n]);
      const product = tf.matMul(x, y, transposeA, transposeB);
      expect(product.shape).toEqual([2, 3, m, n]);
      const wanted = expected(a, b, [0, 1, 2, 3, 4, 5], [0, 1, 2, 0, 1, 2], m, k, n, transposeA, transposeB);
      expectClose(product.dataSync(), wanted);
    });
  });

  it('is right when a right operand comes back under another shape', () => {
    const w = tf.tensor2d([1, 2, 3, 4], [4, 1]);
    tf.matMul(tf.tensor2d([1, 1, 1, 1], [1, 4]), w).dispose();
    const outer = tf.matMul(tf.tensor2d([1, 10, 100, 1000], [4, 1]), tf.reshape(w, [1, 4]));
    expect([...outer.dataSync()]).toEqual([1, 10, 100, 1000].flatMap((s) => [1, 2, 3, 4].map((v) => s * v)));
    const transposed = tf.matMul(tf.tensor2d([1, 10], [2, 1]), w, false, true);
    expect([...transposed.dataSync()]).toEqual([1, 2, 3, 4, 10, 20, 30, 40]);
  });

  it('refuses sides that do not fit', () => {
    expect(() => tf.matMul(tf.zeros([2, 3]), tf.zeros([2, 3]))).toThrow(/inner/i);
  });

  it('leaves no tensor and no data behind', () => {
    const product = (): void => {
      tf.tidy(() => {
        const a = tf.ones<tf.Rank.R3>([3, 4, 5]);
        flags.forEach(([ta, tb]) =>
          tf.matMul(
            ta ? tf.transpose(a, [0, 2, 1]) : a,
            tb ? tf.ones([3, 2, 5]) : tf.ones([3, 5, 2]),
            ta,
            tb,
          ),
        );
        tf.matMul(tf.ones([1, 5]), tf.reshape(tf.ones([5]), [5, 1]));
      });
    };
    product();
    const [tensors, data] = [tf.memory().numTensors, tf.backend().numDataIds()];
    product();
    expect(tf.memory().numTensors).toBe(tensors);
    expect(tf.backend().numDataIds()).toBe(data);
  });
});
