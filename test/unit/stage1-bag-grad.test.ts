import { binaryCriterion } from '../../src/operators/criteria/binary.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { configSchema } from '../../src/pipeline/config/schema.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { NativeRuntime } from '../../src/operators/tensor/onnx/native.js';
import { initialParameters, partOf } from '../../src/operators/tensor/parameters.js';
import { bagGrad } from '../../src/operators/stage1/bag-grad.js';
import { NativePasses } from '../../src/operators/stage1/native-passes.js';
import type { EncoderPasses } from '../../src/operators/stage1/encoder-passes.js';
import { openPasses } from '../../src/operators/stage1/open-passes.js';
import { bagEncoderOf, type BagEncoder } from '../../src/operators/stage1/bag-encoder.js';
import {
  drawMasks,
  onHost,
  rowsOf,
  type EncoderMasks,
  type PackedBags,
} from '../../src/operators/stage1/packed-bags.js';
import { TensorPasses } from '../../src/operators/stage1/tensor-passes.js';
import { encoderOracle } from '../support/encoder-oracle.js';
import { fastBackends, numericBackends, onCpu, useBackend } from '../support/numeric-backends.js';
import { vectorCases, vectorsFolder } from '../support/shared.js';

const mil = configSchema.parse({ name: 'test' }).mil;

function packOf(sizes: readonly number[], width: number): PackedBags {
  const stream = rng(7, 'pack');
  const offsets = sizes.reduce<number[]>((sums, size) => [...sums, (sums.at(-1) ?? 0) + size], [0]);
  const rows = Float32Array.from({ length: (offsets.at(-1) ?? 0) * width }, () => stream.normal());
  return { rows, width, offsets, targets: sizes.map((_, i) => (i % 3 === 0 ? 1 : 0)) };
}

/** A pack with only the bag number `bag` of another pack, and its part of the masks. */
function alone(
  pack: PackedBags,
  masks: EncoderMasks,
  encoder: BagEncoder,
  bag: number,
): [PackedBags, EncoderMasks] {
  const [from, to] = [pack.offsets[bag] as number, pack.offsets[bag + 1] as number];
  const part = (values: Float32Array | null, width: number): Float32Array | null =>
    values?.slice(from * width, to * width) ?? null;
  return [
    {
      rows: onHost(pack.rows).slice(from * pack.width, to * pack.width),
      width: pack.width,
      offsets: [0, to - from],
      targets: [pack.targets[bag] as 0 | 1],
    },
    {
      embed: part(masks.embed, encoder.hidden),
      tanh: part(masks.tanh, encoder.attention),
      sigmoid: part(masks.sigmoid, encoder.attention),
    },
  ];
}

/**
 * Opens the passes as training does. With native TensorFlow it opens the tensor passes, which training uses only on a
 * GPU.
 */
const passesOn = (encoder: BagEncoder, parameters: Float32Array): EncoderPasses =>
  tf.getBackend() === 'tensorflow' ? new TensorPasses(encoder, parameters) : openPasses(encoder, parameters);

async function gradientOf(
  encoder: BagEncoder,
  parameters: Float32Array,
  pack: PackedBags,
  masks: EncoderMasks | null,
): Promise<{ gradient: Float32Array; result: Awaited<ReturnType<typeof bagGrad>> }> {
  const gradient = new Float32Array(encoder.layout.size);
  const passes = passesOn(encoder, parameters);
  const result = await bagGrad(encoder, passes, pack, masks, gradient);
  passes.dispose();
  return { gradient, result };
}

const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((max, value) => Math.max(max, Math.abs(value)), 0);
const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return largest(Array.from(a, (value, i) => value - (b[i] as number)));
};
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe.each(['onnx', ...numericBackends] as const)('bagGrad on the %s backend', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  const encoders: readonly [string, Partial<typeof mil>][] = [
    ['the defaults', {}],
    ['other loss weights and one head', { wBag: 0.7, wInst: 0.3, subtyping: false }],
    ['a linear input map without dropout', { activation: 'none', dropout: 0, attentionDropout: 0 }],
    ['no instance loss', { wInst: 0 }],
    ['the head of the deceased alone', { heads: 'deceased' }],
    ['that head without the other class', { heads: 'deceased', subtyping: false }],
    ['a linear map before the classifier', { transfer: 'linear' }],
  ];
  it.each(encoders)('has the gradient of automatic differentiation, with %s', async (_, changes) => {
    const encoder = bagEncoderOf({ ...mil, hidden: 12, attention: 5, ...changes }, 20, binaryCriterion, 7);
    const parameters = initialParameters(encoder.layout, rng(1, 'init')).map((value) => 2 * value);
    const pack = packOf([9, 30, 1, 17, 5], 20);
    const masks = drawMasks(pack, encoder, rng(1, 'masks'));
    const oracle = await onCpu(() => encoderOracle(encoder, parameters, pack, masks));
    const { gradient, result } = await gradientOf(encoder, parameters, pack, masks);
    const loss = encoder.wBag * sum(result.bagLosses) + encoder.wInst * sum(result.instanceLosses);
    expect(Math.abs(loss - oracle.loss)).toBeLessThan(1e-5 * oracle.loss);
    for (const { name } of encoder.layout.entries) {
      const [actual, wanted] = [gradient, oracle.gradient].map((all) => partOf(encoder.layout, all, name));
      if (name.startsWith('instance') && encoder.wInst === 0) continue;
      // The bias of the scores has no gradient; automatic differentiation leaves rounding noise there.
      if (name === 'score.bias') {
        expect(largest(actual as Float32Array)).toBe(0);
        continue;
      }
      expect(largest(wanted as Float32Array), name).toBeGreaterThan(1e-4);
      expect(difference(actual as Float32Array, wanted as Float32Array), name).toBeLessThan(
        1e-5 * largest(wanted as Float32Array),
      );
    }
  });

  it.each(['none', 'linear'] as const)(
    'adds a gradient of z that comes from elsewhere, with transfer %s',
    async (transfer) => {
      const encoder = bagEncoderOf({ ...mil, hidden: 12, attention: 5, transfer }, 20, binaryCriterion, 7);
      const parameters = initialParameters(encoder.layout, rng(1, 'init')).map((value) => 2 * value);
      const pack = packOf([9, 30, 1, 17], 20);
      const masks = drawMasks(pack, encoder, rng(1, 'masks'));
      const stream = rng(1, 'dz');
      const dz = Float32Array.from({ length: 4 * encoder.embedding }, () => stream.normal());
      const oracle = await onCpu(() => encoderOracle(encoder, parameters, pack, masks, dz));
      const gradient = new Float32Array(encoder.layout.size);
      const passes = passesOn(encoder, parameters);
      await bagGrad(encoder, passes, pack, masks, gradient, dz);
      passes.dispose();
      const without = (await gradientOf(encoder, parameters, pack, masks)).gradient;
      expect(difference(gradient, oracle.gradient)).toBeLessThan(1e-4 * largest(oracle.gradient));
      expect(difference(gradient, without)).toBeGreaterThan(0.1 * largest(oracle.gradient));
    },
  );

  it('gives a packed bag what it gives the bag alone', async () => {
    const encoder = bagEncoderOf({ ...mil, hidden: 16, attention: 8 }, 24, binaryCriterion);
    const parameters = initialParameters(encoder.layout, rng(2, 'init'));
    const pack = packOf([3, 40, 16, 1], 24);
    const masks = drawMasks(pack, encoder, rng(2, 'masks'));
    const together = await gradientOf(encoder, parameters, pack, masks);
    const total = new Float32Array(encoder.layout.size);
    for (let bag = 0; bag < 4; bag++) {
      const one = await gradientOf(encoder, parameters, ...alone(pack, masks, encoder, bag));
      one.gradient.forEach((value, i) => (total[i] = (total[i] as number) + value));
      expect(difference(one.result.z, together.result.z.subarray(16 * bag, 16 * bag + 16))).toBeLessThan(
        1e-6,
      );
      expect(one.result.bagLosses[0]).toBeCloseTo(together.result.bagLosses[bag] as number, 5);
      expect(one.result.instanceLosses[0]).toBeCloseTo(together.result.instanceLosses[bag] as number, 5);
    }
    expect(difference(total, together.gradient)).toBeLessThan(1e-5 * largest(total));
  });

  it('keeps no tensor, in training and in evaluation', async () => {
    const encoder = bagEncoderOf(mil, 24, binaryCriterion);
    const parameters = initialParameters(encoder.layout, rng(2, 'init'));
    const pack = packOf([3, 40], 24);
    const before = tf.memory().numTensors;
    await gradientOf(encoder, parameters, pack, drawMasks(pack, encoder, rng(2, 'masks')));
    const passes = passesOn(encoder, parameters);
    await bagGrad(encoder, passes, pack, null, null);
    passes.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe.each(['onnx', ...fastBackends] as const)('bagGrad on the %s backend', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it('streams a bag that is larger than a pack in blocks, with the same result as the oracle', async () => {
    const encoder = bagEncoderOf({ ...mil, hidden: 8, attention: 4 }, 6, binaryCriterion);
    const parameters = initialParameters(encoder.layout, rng(4, 'init')).map((value) => 2 * value);
    const pack = packOf([9001], 6);
    const masks = drawMasks(pack, encoder, rng(4, 'masks'));
    const oracle = await onCpu(() => encoderOracle(encoder, parameters, pack, masks));
    const { gradient } = await gradientOf(encoder, parameters, pack, masks);
    expect(difference(gradient, oracle.gradient)).toBeLessThan(2e-4 * largest(oracle.gradient));
  });

  it('survives scores far apart', async () => {
    const encoder = bagEncoderOf({ ...mil, hidden: 4, attention: 3 }, 2, binaryCriterion);
    const parameters = initialParameters(encoder.layout, rng(6, 'init')).map((value) => 1e3 * value);
    const { gradient, result } = await gradientOf(encoder, parameters, packOf([50], 2), null);
    expect(gradient.every(Number.isFinite)).toBe(true);
    expect(result.z.every(Number.isFinite)).toBe(true);
  });
});

// These backends give the same bits in every run. A GPU is not tested, because it may sum in another order each time.
describe.each(['onnx', 'wasm'] as const)('bagGrad on the %s backend', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it('repeats its gradient bit by bit', async () => {
    const encoder = bagEncoderOf(mil, 48, binaryCriterion);
    const parameters = initialParameters(encoder.layout, rng(5, 'init'));
    const pack = packOf(
      Array.from({ length: 20 }, () => 16),
      48,
    );
    const run = async (): Promise<Float32Array> =>
      (await gradientOf(encoder, parameters, pack, drawMasks(pack, encoder, rng(5, 'masks')))).gradient;
    expect(await run()).toEqual(await run());
  });
});

describe('the native passes', () => {
  it.each([37, 2048, 5000])('give the same bits on one thread and on two, %i rows', async (rows) => {
    const encoder = bagEncoderOf(mil, 256, binaryCriterion);
    const parameters = initialParameters(encoder.layout, rng(8, 'init'));
    const pack = packOf([rows - 5, 5], 256);
    const masks = drawMasks(pack, encoder, rng(8, 'masks'));
    const on = async (threads: number): Promise<object> => {
      vi.stubEnv('HAF_THREADS', String(threads));
      const gradient = new Float32Array(encoder.layout.size);
      const passes = new NativePasses(await NativeRuntime.load(), encoder, parameters);
      const { z, scores } = await bagGrad(encoder, passes, pack, masks, gradient);
      vi.unstubAllEnvs();
      return { gradient, z, scores };
    };
    expect(await on(1)).toEqual(await on(2));
  });
});

interface GatedAttentionCase {
  name: string;
  form: 'plain' | 'clam';
  N: number;
  d_in: number;
  d1: number;
  d2: number;
  H: number[][];
  weights: Record<string, number[] | number[][]>;
  label: 0 | 1;
  scores: number[];
  z: number[];
  logits: number[];
  CE: number;
  grad: Record<string, number[] | number[][]>;
}

const vectorNames = {
  W_l: 'embed.weight',
  b_l: 'embed.bias',
  V: 'tanh.weight',
  b_V: 'tanh.bias',
  U: 'sigmoid.weight',
  b_U: 'sigmoid.bias',
  w_a: 'score.weight',
  b_a: 'score.bias',
  C: 'classifier.weight',
  b_C: 'classifier.bias',
} as const;

describe.skipIf(vectorsFolder === null).each(['onnx', ...numericBackends] as const)(
  'gated attention against PyTorch, on the %s backend',
  (backend) => {
    beforeAll(async () => {
      await useBackend(backend);
    });

    it.each(vectorCases<GatedAttentionCase>('gated_attention'))('$name', async (c) => {
      const activation = c.form === 'clam' ? 'relu' : 'none';
      const encoder = bagEncoderOf(
        { ...mil, hidden: c.d1, attention: c.d2, activation, wInst: 0 },
        c.d_in,
        binaryCriterion,
      );
      const parameters = new Float32Array(encoder.layout.size);
      for (const [name, ours] of Object.entries(vectorNames))
        if (c.weights[name]) partOf(encoder.layout, parameters, ours).set(c.weights[name].flat());
      const pack = {
        rows: Float32Array.from(c.H.flat()),
        width: c.d_in,
        offsets: [0, c.N],
        targets: [c.label],
      };
      expect(rowsOf(pack)).toBe(c.N);
      const { gradient, result } = await gradientOf(encoder, parameters, pack, null);
      const close = (actual: ArrayLike<number>, wanted: number[], name: string): void =>
        expect(difference(actual, wanted), name).toBeLessThan(1e-4 * Math.max(largest(wanted), 1e-3));
      close(result.scores, c.scores, 'scores');
      close(result.z, c.z, 'z');
      close(result.logits, c.logits, 'logits');
      close(result.bagLosses, [c.CE], 'CE');
      for (const [name, ours] of Object.entries(vectorNames))
        if (c.grad[name]) close(partOf(encoder.layout, gradient, ours), c.grad[name].flat(), name);
    });
  },
);
