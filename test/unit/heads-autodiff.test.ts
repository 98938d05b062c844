import { logitsOf } from '../support/judged.js';
import { binaryCriterion } from '../../src/operators/criteria/binary.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { HafError } from '../../src/pipeline/core/errors.js';
import type { ModalityId } from '../../src/pipeline/core/modality.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { autodiffHead } from '../../src/operators/heads/autodiff-head.js';
import { bilinearHead } from '../../src/operators/heads/bilinear.js';
import type { Head, HeadModule } from '../../src/operators/heads/head.js';
import { mdlmHead } from '../../src/operators/heads/mdlm.js';
import { mlpHead } from '../../src/operators/heads/mlp.js';
import { poolHead } from '../../src/operators/heads/pool.js';
import { ps3Head } from '../../src/operators/heads/ps3.js';
import type { ModalityInput } from '../../src/operators/embeddings/modality-inputs.js';
import { dense } from '../../src/operators/tensor/dense.js';
import { initialParameters, linearSpecs, partOf } from '../../src/operators/tensor/parameters.js';
import { numericBackends, useBackend } from '../support/numeric-backends.js';
import { resolvedConfig, type Changes } from '../support/resolved-config.js';

const patients = 12;
const labels = Array.from({ length: patients }, (_, i): 0 | 1 => (i % 3 === 0 ? 1 : 0));
const widths: readonly (readonly [ModalityId, number])[] = [
  ['WSI', 5],
  ['Clin', 3],
  ['Blood', 4],
];
const inputs: readonly ModalityInput[] = widths.map(([modality, width], m) => {
  const stream = rng(m, 'inputs');
  return {
    modality,
    kind: modality === 'WSI' ? 'bag' : 'table',
    width,
    values: Float32Array.from({ length: patients * width }, () => stream.normal()),
    // The last patient has no modality except Blood.
    observed: Uint8Array.from({ length: patients }, (_, i) =>
      modality === 'Blood' || (i < 11 && i % 4 !== m) ? 1 : 0,
    ),
  };
});
const group = [0, 3, 3, 5, 11, 7, 2];
const groupLabels = group.map((patient) => labels[patient] as 0 | 1);

interface Case {
  readonly module: HeadModule;
  readonly config?: Changes;
  /** If set, the vectors enter the head without a map, so the vectors of all modalities have the same length. */
  readonly aligned?: true;
  readonly randomDrop?: true;
  /** Step length of the central differences. It must be shorter where the loss has more curvature. */
  readonly step?: number;
}

/** A network that exists only in this test. It shows that random drop works for any network. */
const anyNetwork = autodiffHead(({ tokens, output }) => ({
  specs: linearSpecs('any', tokens[0] ?? 0, output.outputs),
  forward: ({ tokens: given, weights }) => ({
    logits: dense(tf.addN<tf.Tensor2D>([...given]), weights.matrix('any.weight'), weights.vector('any.bias')),
  }),
}));

const cases: Readonly<Record<string, Case>> = {
  'mean pooling': { module: poolHead('mean'), aligned: true },
  'sum pooling': { module: poolHead('sum'), aligned: true },
  'max pooling': { module: poolHead('max'), aligned: true },
  PS3: { module: ps3Head, step: 5e-4 },
  'PS3 with two logits': { module: ps3Head, step: 5e-4, config: { fusion: { logits: 2 } } },
  MDLM: { module: mdlmHead },
  'MDLM with two logits': { module: mdlmHead, config: { fusion: { logits: 2 } } },
  'MDLM by the mean': { module: mdlmHead, config: { mdlm: { combine: 'mean' } } },
  'MDLM with a frozen layer': { module: mdlmHead, config: { mdlm: { combine: 'frozenConcat' } } },
  'bilinear interaction': { module: bilinearHead },
  'bilinear interaction with two logits': { module: bilinearHead, config: { fusion: { logits: 2 } } },
  'a network with random drop': {
    module: anyNetwork,
    randomDrop: true,
    config: { fusion: { lambdaMoFe: 0.5 } },
  },
  'the fusion MLP with two logits': {
    module: mlpHead,
    randomDrop: true,
    config: { fusion: { logits: 2, lambdaMoFe: 0.5, dropout: 0.25 } },
  },
};

const inputsOf = ({ aligned }: Case): readonly ModalityInput[] =>
  aligned === undefined
    ? inputs
    : inputs.map((input, m) => {
        const stream = rng(m, 'aligned');
        const values = Float32Array.from({ length: patients * 4 }, () => stream.normal());
        return { ...input, width: 4, values };
      });

/** A new head, whose random streams begin anew. */
function headOf({ module, config: changes, aligned, randomDrop }: Case): Head {
  const config = resolvedConfig({
    ...changes,
    fusion: { projection: 4, hidden: 6, ...changes?.fusion },
  });
  // The frozen layer reads the vectors of tables without a projection, as in stage3/method-head.ts.
  const raw = config.mdlm.combine === 'frozenConcat';
  return module.create({
    inputs: inputsOf({ module, ...(aligned && { aligned }) }),
    projected: inputs.map(({ modality }) => (aligned || (raw && modality !== 'WSI') ? null : 4)),
    randomDrop: randomDrop ?? false,
    criterion: binaryCriterion,
    config,
    rng: (purpose) => rng(5, purpose),
  });
}

const parametersOf = ({ layout }: Head): Float32Array =>
  initialParameters(layout, rng(4, 'init')).map((value) => 1.5 * value);

describe.each(numericBackends)('heads on the %s backend', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  describe.each(Object.entries(cases))('%s', (_, given) => {
    const read = inputsOf(given);
    const lossAt = async (parameters: Float32Array, on = read): Promise<number> =>
      (await headOf(given).step(parameters, { inputs: on, patients: group, targets: groupLabels }, false))
        .loss;

    it('has the slope of its loss, for every parameter', async () => {
      const head = headOf(given);
      const parameters = parametersOf(head);
      const { gradient } = await head.step(
        parameters,
        { inputs: read, patients: group, targets: groupLabels },
        false,
      );
      for (const { name } of head.layout.entries) {
        const slope = partOf(head.layout, gradient, name);
        const squared = slope.reduce((sum, value) => sum + value * value, 0);
        expect(squared, name).toBeGreaterThan(0);
        const step = (given.step ?? 2e-3) / Math.sqrt(squared);
        const moved = (by: number): Float32Array => {
          const other = parameters.slice();
          const part = partOf(head.layout, other, name);
          part.forEach((value, i) => (part[i] = value + by * (slope[i] as number)));
          return other;
        };
        const numeric = ((await lossAt(moved(step))) - (await lossAt(moved(-step)))) / (2 * step);
        expect(Math.abs(numeric / squared - 1), name).toBeLessThan(4e-3);
      }
    });

    it('has the slope of its loss, for the vectors it reads', async () => {
      const head = headOf(given);
      const parameters = parametersOf(head);
      const all = { inputs: read, patients: group, targets: groupLabels };
      const { gradient, inputs: slopes } = await head.step(parameters, all, true);
      expect(gradient).toEqual((await headOf(given).step(parameters, all, false)).gradient);
      for (const [m, input] of read.entries()) {
        const slope = slopes?.[m] as Float32Array;
        expect(slope.length).toBe(group.length * input.width);
        group.forEach((patient, i) => {
          const own = slope.subarray(i * input.width, (i + 1) * input.width);
          if (input.observed[patient] === 0)
            expect([...own.map(Math.abs)]).toEqual(new Array(input.width).fill(0));
        });
        // A patient who was drawn twice has one vector, so the two gradients are added.
        const total = new Float32Array(input.values.length);
        group.forEach((patient, i) => {
          for (let d = 0; d < input.width; d++) {
            const at = patient * input.width + d;
            total[at] = (total[at] as number) + (slope[i * input.width + d] as number);
          }
        });
        const squared = total.reduce((sum, value) => sum + value * value, 0);
        expect(squared, input.modality).toBeGreaterThan(0);
        const step = (given.step ?? 2e-3) / Math.sqrt(squared);
        const moved = (by: number): readonly ModalityInput[] =>
          read.map((other) =>
            other === input
              ? { ...input, values: input.values.map((value, i) => value + by * (total[i] as number)) }
              : other,
          );
        const numeric =
          ((await lossAt(parameters, moved(step))) - (await lossAt(parameters, moved(-step)))) / (2 * step);
        expect(Math.abs(numeric / squared - 1), input.modality).toBeLessThan(4e-3);
      }
    });

    it('never reads what is absent or closed', async () => {
      const poisoned = read.map((input) => ({
        ...input,
        values: input.values.map((value, i) =>
          input.observed[Math.floor(i / input.width)] === 1 ? value : Number.NaN,
        ),
      }));
      const parameters = parametersOf(headOf(given));
      const stepOn = (on: readonly ModalityInput[]): ReturnType<Head['step']> =>
        headOf(given).step(parameters, { inputs: on, patients: group, targets: groupLabels }, true);
      expect(await stepOn(poisoned)).toEqual(await stepOn(read));

      // If every modality except Blood is hidden, all patients must be treated like patients who have only Blood.
      const head = headOf(given);
      const everyone = labels.map((_, i) => i);
      const open = Uint8Array.from({ length: patients * 3 }, (_, at) => (at % 3 === 2 ? 1 : 0));
      const alone = read.map((input, m) =>
        m === 2 ? input : { ...input, observed: new Uint8Array(patients) },
      );
      expect(await head.outputs(parameters, { inputs: read, patients: everyone }, open)).toEqual(
        await head.outputs(parameters, { inputs: alone, patients: everyone }),
      );
    });

    it('gives a patient of whom everything is hidden one finite score, the same for all', async () => {
      const head = headOf(given);
      const hidden = new Uint8Array(group.length * 3);
      const rows = await head.outputs(parametersOf(head), { inputs: read, patients: group }, hidden);
      const logits = logitsOf(rows);
      expect(logits.every(Number.isFinite)).toBe(true);
      // The scores may differ by rounding: native products sum a row in another order, depending on its place in a
      // block. Values of hidden modalities change no bit; the test above checks this.
      expect(Math.max(...logits) - Math.min(...logits)).toBeLessThan(1e-6);
      const others = read.map((input) => ({ ...input, values: input.values.map((value) => 3 - 2 * value) }));
      expect(await head.outputs(parametersOf(head), { inputs: others, patients: group }, hidden)).toEqual(
        rows,
      );
    });

    it('keeps no tensor', async () => {
      const head = headOf(given);
      const parameters = parametersOf(head);
      const before = tf.memory().numTensors;
      await head.step(parameters, { inputs: read, patients: group, targets: groupLabels }, true);
      await head.outputs(parameters, { inputs: read, patients: group });
      expect(tf.memory().numTensors).toBe(before);
    });
  });
});

describe('a network that does not use all it declares', () => {
  const module = autodiffHead(({ tokens, output }) => ({
    specs: [
      ...linearSpecs('used', tokens[0] ?? 0, output.outputs),
      ...linearSpecs('idle', tokens[0] ?? 0, output.outputs),
    ],
    forward: ({ tokens: given, weights }) => ({
      logits: dense(given[0] as tf.Tensor2D, weights.matrix('used.weight'), weights.vector('used.bias')),
    }),
  }));

  it('is refused at its first step with the names of the arrays, of the maps and of the vectors', async () => {
    await useBackend('cpu');
    const head = headOf({ module });
    const step = (inputGradients: boolean) =>
      head.step(parametersOf(head), { inputs, patients: group, targets: groupLabels }, inputGradients);
    const refusal = (what: RegExp) => ({
      code: 'HAF_LAYER_UNTRAINED',
      what: expect.stringMatching(what) as string,
      fix: expect.stringContaining('forward pass') as string,
    });
    await expect(step(false)).rejects.toMatchObject({
      ...refusal(/do not depend on .*idle\.weight and idle\.bias, so the loss has no gradient for them/),
      context: { arrays: expect.not.arrayContaining(['used.weight']) as string[] },
    });
    await expect(step(true)).rejects.toMatchObject(refusal(/the vectors of Clin and the vectors of Blood/));
  });
});

describe('a method that needs vectors of one length', () => {
  it('says which lengths it got, and what to set', () => {
    const config = resolvedConfig();
    const create = (): Head =>
      ps3Head.create({
        inputs,
        projected: inputs.map(() => null),
        randomDrop: false,
        criterion: binaryCriterion,
        config,
        rng: (purpose) => rng(5, purpose),
      });
    expect(create).toThrow(expect.objectContaining({ code: 'HAF_CONFIG_INVALID' }) as HafError);
    expect(create).toThrow(/WSI 5, Clin 3, Blood 4/);
  });
});
