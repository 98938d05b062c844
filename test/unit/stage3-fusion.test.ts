import { binaryCriterion } from '../../src/operators/criteria/binary.js';
import { judged, outputs } from '../support/judged.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { rng } from '../../src/pipeline/core/rng.js';
import { crossEntropy } from '../../src/operators/tensor/cross-entropy.js';
import { initialParameters, partOf } from '../../src/operators/tensor/parameters.js';
import type { ModalityInput } from '../../src/operators/embeddings/modality-inputs.js';
import { fusionNetOf, type FusionNet } from '../../src/operators/heads/fusion-net.js';
import { fusionPass, type FusionPasses } from '../../src/operators/heads/fusion-pass.js';
import { HeadTraining } from '../../src/operators/heads/head-training.js';
import { MlpHead } from '../../src/operators/heads/mlp.js';
import { tensorFusionPass } from '../../src/operators/heads/tensor-fusion.js';
import { dropModalities } from '../../src/operators/heads/modality-drop.js';
import {
  fusionLoss,
  monotonicTerms,
  type FusionLoss,
  type MonotonicOptions,
} from '../../src/operators/heads/monotonic-loss.js';
import { vectorCases, vectorsFolder } from '../support/shared.js';
import { numericBackends, useBackend } from '../support/numeric-backends.js';

interface MonotonicCase {
  name: string;
  form: 'bce' | 'ce';
  label: (0 | 1)[];
  logit_full: number[] | [number, number][];
  logit_reduced: number[] | [number, number][];
  lambda_mofe: number;
  loss_full: number[];
  loss_reduced: number[];
  mofe_mean: number;
  total: number;
  grad: { logit_full: number[] | number[][]; logit_reduced: number[] | number[][] };
}

const closeTo = (actual: readonly number[], wanted: readonly number[]): void => {
  expect(actual.length).toBe(wanted.length);
  wanted.forEach((value, i) => expect(Math.abs((actual[i] as number) - value)).toBeLessThan(1e-9));
};

/**
 * The fusion loss of one logit per patient in each of two passes: with all modalities (`full`), and with some hidden
 * (`reduced`).
 */
const lossOf = (
  full: readonly number[],
  reduced: readonly (number | null)[],
  labels: readonly (0 | 1)[],
  options: MonotonicOptions,
): FusionLoss =>
  fusionLoss(
    full.map((logit) => [logit]),
    reduced.map((logit) => (logit === null ? null : [logit])),
    labels,
    binaryCriterion,
    options,
  );

describe.skipIf(vectorsFolder === null)('the monotonic loss against PyTorch', () => {
  const cases = vectorCases<MonotonicCase>('monotonic_loss');
  const optionsOf = ({
    lambda_mofe,
  }: MonotonicCase): { lambdaMoFe: number; mofeStopGradReduced: boolean } => ({
    lambdaMoFe: lambda_mofe,
    mofeStopGradReduced: false,
  });

  it.each(cases.filter(({ form }) => form === 'bce'))('$name (one logit)', (c) => {
    const { terms, dFull, dReduced } = lossOf(
      c.logit_full as number[],
      c.logit_reduced as number[],
      c.label,
      optionsOf(c),
    );
    closeTo([terms.total, terms.mofe], [c.total, c.mofe_mean]);
    closeTo(dFull.flat(), c.grad.logit_full as number[]);
    closeTo(dReduced.flat(), c.grad.logit_reduced as number[]);
  });

  it.each(cases.filter(({ form }) => form === 'ce'))('$name (two logits)', (c) => {
    const of = (logits: [number, number][]): ReturnType<typeof crossEntropy>[] =>
      logits.map(([a, b], i) => crossEntropy(a, b, c.label[i] as 0 | 1));
    const full = of(c.logit_full as [number, number][]);
    const reduced = of(c.logit_reduced as [number, number][]);
    closeTo(
      full.map(({ loss }) => loss),
      c.loss_full,
    );
    closeTo(
      reduced.map(({ loss }) => loss),
      c.loss_reduced,
    );
    const terms = monotonicTerms(
      full.map(({ loss }) => loss),
      reduced.map(({ loss }) => loss),
      optionsOf(c),
    );
    closeTo([terms.total, terms.mofe], [c.total, c.mofe_mean]);
    const chain = (losses: typeof full, weights: readonly number[]): number[] =>
      losses.flatMap(({ gradient }, i) => gradient.map((value) => value * (weights[i] as number)));
    closeTo(chain(full, terms.dFull), (c.grad.logit_full as number[][]).flat());
    closeTo(chain(reduced, terms.dReduced), (c.grad.logit_reduced as number[][]).flat());
  });
});

describe('the monotonic loss', () => {
  const options = { lambdaMoFe: 0.5, mofeStopGradReduced: false };

  it('counts a patient without a reduced pass for l+ alone', () => {
    const terms = monotonicTerms([2, 4], [null, 1], options);
    expect(terms).toMatchObject({ full: 3, reduced: 0.5, mofe: 1.5, total: 3 + 0.5 + 0.75 });
    expect(terms.dFull).toEqual([0.5, 0.75]);
    expect(terms.dReduced).toEqual([0, 0.25]);
  });

  it('can hold the reduced loss constant inside the hinge', () => {
    expect(monotonicTerms([4], [1], { ...options, mofeStopGradReduced: true }).dReduced).toEqual([1]);
  });

  it('has the slope of its value', () => {
    const labels = [1, 0, 1, 0] as const;
    const logits = [0.3, -0.2, -1.1, 2];
    const reduced = [0.9, -1.4, null, 0.1];
    const { dFull, dReduced } = lossOf(logits, reduced, [...labels], options);
    const step = 1e-6;
    const shifted = (values: readonly (number | null)[], i: number, by: number): (number | null)[] =>
      values.map((value, j) => (i === j && value !== null ? value + by : value));
    logits.forEach((_, i) => {
      const slopes = [step, -step].map((by) => ({
        full: lossOf(shifted(logits, i, by) as number[], reduced, [...labels], options).terms.total,
        reduced: lossOf(logits, shifted(reduced, i, by), [...labels], options).terms.total,
      }));
      const [up, down] = slopes as [(typeof slopes)[0], (typeof slopes)[0]];
      expect((up.full - down.full) / (2 * step)).toBeCloseTo(dFull[i]?.[0] as number, 8);
      expect((up.reduced - down.reduced) / (2 * step)).toBeCloseTo(dReduced[i]?.[0] as number, 8);
    });
  });
});

describe('random modality drop', () => {
  it('drops between one and all but one of the observed modalities, every number equally often', () => {
    const mask = Uint8Array.from([1, 0, 1, 1, 1, 0, 1]);
    const counts = new Map<number, number>();
    const stream = rng(1, 'drop');
    for (let i = 0; i < 8000; i++) {
      const left = dropModalities(mask, 7, stream);
      left.forEach((open, m) => expect(open <= (mask[m] as number)).toBe(true));
      const size = left.reduce((sum, open) => sum + open, 0);
      counts.set(size, (counts.get(size) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([1, 2, 3, 4]);
    for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });

  it('leaves no reduced pass to a patient with one modality or none', () => {
    expect([...dropModalities(Uint8Array.from([0, 1, 0, 0, 0, 0]), 3, rng(1, 'drop'))]).toEqual([
      0, 0, 0, 0, 0, 0,
    ]);
  });
});

const patients = 12;
const labels = Array.from({ length: patients }, (_, i): 0 | 1 => (i % 3 === 0 ? 1 : 0));
const inputs: readonly ModalityInput[] = (['Clin', 'Blood', 'ICD'] as const).map((modality, m) => {
  const stream = rng(m, 'inputs');
  const width = 3 + m;
  return {
    modality,
    kind: 'table',
    width,
    values: Float32Array.from({ length: patients * width }, () => stream.normal()),
    // The last patient has no modality except ICD.
    observed: Uint8Array.from({ length: patients }, (_, i) =>
      modality === 'ICD' || (i < 11 && i % 4 !== m) ? 1 : 0,
    ),
  };
});

/** The passes under test. With native TensorFlow these are the tensor passes, which training uses only on a GPU. */
const passesHere = (): FusionPasses => (tf.getBackend() === 'tensorflow' ? tensorFusionPass : fusionPass);

const trainingOf = (
  net: FusionNet,
  parameters: Float32Array,
  randomDrop: boolean,
  on: readonly ModalityInput[] = inputs,
): HeadTraining => {
  const options = {
    lambdaMoFe: 0.5,
    mofeStopGradReduced: false,
    dropout: net.dropout > 0 ? rng(5, 'dropout') : null,
    drop: randomDrop ? rng(5, 'drop') : null,
    criterion: binaryCriterion,
  };
  const head = new MlpHead(net, options, passesHere());
  return new HeadTraining(head, parameters, on, judged(labels), [0, 1, 2, 3]);
};

describe.each(['onnx', ...numericBackends] as const)('the fusion step on the %s backend', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });
  const group = [0, 3, 3, 5, 11, 7, 2];

  it.each([
    ['with maps of its own, drop and dropout', 4, true, 0.25],
    ['with maps of its own', 4, false, 0],
    ['on frozen vectors with drop', null, true, 0],
    ['on frozen vectors', null, false, 0.25],
  ] as const)(
    '%s has the slope of its loss, for every parameter',
    async (_, projected, randomDrop, dropout) => {
      const net = fusionNetOf({
        inputs,
        projected: inputs.map(() => projected),
        hidden: 6,
        activation: 'relu',
        dropout,
        output: outputs(1),
      });
      const parameters = initialParameters(net.layout, rng(4, 'init')).map((value) => 2 * value);
      const { gradient } = await trainingOf(net, parameters, randomDrop).step(group);
      const lossAt = async (name: string, by: number): Promise<number> => {
        const moved = parameters.slice();
        const [part, slope] = [partOf(net.layout, moved, name), partOf(net.layout, gradient, name)];
        part.forEach((value, i) => (part[i] = value + by * (slope[i] as number)));
        return (await trainingOf(net, moved, randomDrop).step(group)).loss;
      };
      for (const { name } of net.layout.entries) {
        const squared = partOf(net.layout, gradient, name).reduce((sum, value) => sum + value * value, 0);
        expect(squared, name).toBeGreaterThan(0);
        const step = 2e-3 / Math.sqrt(squared);
        const numeric = ((await lossAt(name, step)) - (await lossAt(name, -step))) / (2 * step);
        expect(Math.abs(numeric / squared - 1), name).toBeLessThan(2e-3);
      }
    },
  );

  it('never reads an absent or dropped modality', async () => {
    const net = fusionNetOf({
      inputs,
      projected: inputs.map(() => 4),
      hidden: 6,
      activation: 'relu',
      dropout: 0,
      output: outputs(1),
    });
    const poisoned = inputs.map((input) => ({
      ...input,
      values: input.values.map((value, i) =>
        input.observed[Math.floor(i / input.width)] === 1 ? value : Number.NaN,
      ),
    }));
    const parameters = initialParameters(net.layout, rng(4, 'init'));
    const clean = await trainingOf(net, parameters, true).step(group);
    const other = await trainingOf(net, parameters, true, poisoned).step(group);
    expect(other.gradient).toEqual(clean.gradient);
    expect(other.loss).toBe(clean.loss);
  });

  it('keeps no tensor', async () => {
    const net = fusionNetOf({
      inputs,
      projected: inputs.map(() => 4),
      hidden: 6,
      activation: 'relu',
      dropout: 0.5,
      output: outputs(1),
    });
    const model = trainingOf(net, initialParameters(net.layout, rng(4, 'init')), true);
    const before = tf.memory().numTensors;
    await model.step(group);
    await model.validate();
    expect(tf.memory().numTensors).toBe(before);
  });
});
