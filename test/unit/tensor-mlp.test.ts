import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { rng } from '../../src/pipeline/core/rng.js';
import { fillDropout } from '../../src/operators/tensor/dropout.js';
import {
  mlpBackward,
  mlpForward,
  mlpInputGradient,
  mlpSpecs,
  type Mlp,
} from '../../src/operators/tensor/mlp.js';
import {
  addGradients,
  initialParameters,
  layoutOf,
  namedParameters,
  parametersFrom,
  ParameterTensors,
  partOf,
} from '../../src/operators/tensor/parameters.js';
import { readSafetensors, writeSafetensors } from '../../src/operators/tensor/safetensors.js';
import { numericBackends, useBackend } from '../support/numeric-backends.js';

const shape = { name: 'net', inputs: 6, hidden: 9, outputs: 3 };
const normals = (count: number, purpose: string): Float32Array => {
  const stream = rng(3, purpose);
  return Float32Array.from({ length: count }, () => stream.normal());
};
const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce<number>(
    (max, value, i) => Math.max(max, Math.abs(value - (b[i] as number))),
    0,
  );
};

describe.each(numericBackends)('the two-layer network on the %s backend', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it.each([
    ['relu', 0],
    ['relu', 0.5],
    ['none', 0.5],
  ] as const)(
    'with %s and dropout %f has the gradient of automatic differentiation',
    async (activation, rate) => {
      const mlp: Mlp = { ...shape, activation };
      const layout = layoutOf(mlpSpecs(mlp));
      const parameters = initialParameters(layout, rng(3, 'init')).map((value) => 3 * value);
      const weights = new ParameterTensors(layout, parameters);
      const x = tf.tensor2d(normals(60, 'x'), [10, 6]);
      const dOutput = tf.tensor2d(normals(30, 'd'), [10, 3]);
      const mask =
        rate === 0 ? null : tf.tensor2d(fillDropout(new Float32Array(90), rate, rng(3, 'mask')), [10, 9]);
      const lossOf = (
        input: tf.Tensor,
        w1: tf.Tensor,
        b1: tf.Tensor,
        w2: tf.Tensor,
        b2: tf.Tensor,
      ): tf.Scalar => {
        const linear = tf.add(tf.matMul(input, w1), b1);
        const active = activation === 'relu' ? tf.relu(linear) : linear;
        const hidden = mask === null ? active : tf.mul(active, mask);
        return tf.sum(tf.mul(tf.add(tf.matMul(hidden, w2), b2), dOutput));
      };
      const wanted = tf.grads(lossOf)([
        x,
        weights.matrix('net.hidden.weight'),
        weights.vector('net.hidden.bias'),
        weights.matrix('net.output.weight'),
        weights.vector('net.output.bias'),
      ]);
      const pass = mlpForward(mlp, weights, x, mask);
      const actual = mlpBackward(mlp, weights, x, mask, pass, dOutput);
      const inputGradient = mlpInputGradient(mlp, weights, actual);
      const slopes = await Promise.all(wanted.map((tensor) => tensor.data()));
      expect(worst(await inputGradient.data(), slopes[0] as Float32Array)).toBeLessThan(1e-5);
      const gradient = new Float32Array(layout.size);
      await addGradients(layout, actual.parameters, [gradient]);
      layout.entries.forEach(({ name }, i) => {
        expect(worst(partOf(layout, gradient, name), slopes[i + 1] as Float32Array), name).toBeLessThan(1e-5);
      });
    },
  );
});

describe('parameters', () => {
  const layout = layoutOf(mlpSpecs({ ...shape, activation: 'relu' }));

  it('lie one after the other and fill the whole range of their layer', () => {
    expect(layout.size).toBe(6 * 9 + 9 + 9 * 3 + 3);
    const values = initialParameters(layout, rng(1, 'init'));
    for (const { name, fanIn } of layout.entries) {
      const largest = Math.max(...partOf(layout, values, name).map(Math.abs));
      expect(largest).toBeLessThanOrEqual(1 / Math.sqrt(fanIn));
      expect(largest).toBeGreaterThan(0.3 / Math.sqrt(fanIn));
    }
    expect(initialParameters(layout, rng(1, 'init'))).toEqual(values);
    expect(initialParameters(layout, rng(2, 'init'))).not.toEqual(values);
  });

  it('come back from a safetensors file', () => {
    const values = initialParameters(layout, rng(1, 'init'));
    const file = writeSafetensors(namedParameters(layout, values));
    expect(parametersFrom(layout, readSafetensors(file))).toEqual(values);
  });

  it('are refused when an array is missing or has another shape', () => {
    const arrays = namedParameters(layout, new Float32Array(layout.size));
    const { 'net.output.bias': bias, ...others } = arrays;
    expect(bias?.shape).toEqual([3]);
    expect(() => parametersFrom(layout, others)).toThrow('net.output.bias');
    const wrong = { ...arrays, 'net.output.bias': { shape: [4], data: new Float32Array(4) } };
    expect(() => parametersFrom(layout, wrong)).toThrow('net.output.bias');
  });
});

describe('dropout masks', () => {
  it('drop the given share and keep the mean', () => {
    const mask = fillDropout(new Float32Array(100_001), 0.25, rng(1, 'mask'));
    const stream = rng(1, 'mask');
    const halves = Array.from({ length: 50_001 }, () => stream.uint32()).flatMap((bits) => [
      bits >>> 16,
      bits & 0xffff,
    ]);
    expect(mask.findIndex((value, i) => (value === 0) !== (halves[i] as number) < 0x4000)).toBe(-1);
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(4 / 3)]));
    const mean = mask.reduce((sum, value) => sum + value, 0) / mask.length;
    expect(Math.abs(mean - 1)).toBeLessThan(0.01);
  });
});
