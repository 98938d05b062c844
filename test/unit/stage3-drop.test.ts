import { binaryCriterion } from '../../src/operators/criteria/binary.js';
import { judged, logitsOf, outputs } from '../support/judged.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { rng, type Rng } from '../../src/pipeline/core/rng.js';
import { initialParameters } from '../../src/operators/tensor/parameters.js';
import {
  gatherMask,
  gatherRows,
  type ModalityInput,
} from '../../src/operators/embeddings/modality-inputs.js';
import { fusionNetOf } from '../../src/operators/heads/fusion-net.js';
import { HeadTraining } from '../../src/operators/heads/head-training.js';
import { MlpHead, type MlpHeadOptions } from '../../src/operators/heads/mlp.js';
import { dropModalities } from '../../src/operators/heads/modality-drop.js';
import { chosenBackend, useBackend } from '../support/numeric-backends.js';

describe('random modality drop', () => {
  const modalities = 7;
  const mask = Uint8Array.from([1, 0, 1, 1, 1, 0, 1]);

  it('takes away as many as were drawn: the smallest draw drops one, the largest all but one', () => {
    const scripted = (draw: (bound: number) => number): Rng => ({
      ...rng(1, 'drop'),
      int: draw,
      shuffle: (items) => items,
    });
    const leftAfter = (draw: (bound: number) => number): number =>
      dropModalities(mask, modalities, scripted(draw)).reduce((sum, open) => sum + open, 0);
    expect(leftAfter(() => 0)).toBe(4);
    expect(leftAfter((bound) => bound - 1)).toBe(1);
  });

  it('drops every observed modality equally often', () => {
    const draws = 8000;
    const kept = new Array<number>(modalities).fill(0);
    const stream = rng(2, 'drop');
    for (let i = 0; i < draws; i++)
      dropModalities(mask, modalities, stream).forEach((open, m) => (kept[m] = (kept[m] ?? 0) + open));
    // Each draw keeps one to four of the five observed modalities, so each is kept in half of the draws.
    kept.forEach((count, m) =>
      expect(Math.abs(count / draws - 0.5 * (mask[m] ?? 0)), `${m}`).toBeLessThan(0.03),
    );
  });
});

describe('a step with random drop', () => {
  const patients = 12;
  const labels = Array.from({ length: patients }, (_, i): 0 | 1 => (i % 3 === 0 ? 1 : 0));
  const inputs: readonly ModalityInput[] = (['Clin', 'Blood', 'ICD', 'Cell'] as const).map((modality, m) => {
    const stream = rng(m, 'inputs');
    const width = 3 + m;
    return {
      modality,
      kind: 'table',
      width,
      values: Float32Array.from({ length: patients * width }, () => 2 * stream.normal()),
      // The last patient has no modality except Cell.
      observed: Uint8Array.from({ length: patients }, (_, i) =>
        modality === 'Cell' || (i < 11 && i % 4 !== m) ? 1 : 0,
      ),
    };
  });
  const group = [0, 3, 3, 5, 11, 7, 2, 9];
  const options: MlpHeadOptions = {
    lambdaMoFe: 0.3,
    mofeStopGradReduced: false,
    dropout: null,
    drop: rng(5, 'drop'),
    criterion: binaryCriterion,
  };
  beforeAll(async () => {
    await useBackend(chosenBackend);
  });

  it.each([
    ['frozen vectors', null],
    ['maps of its own', 4],
  ])('compares the full pass with the one without the dropped modalities, on %s', async (_, projected) => {
    const net = fusionNetOf({
      ...{ inputs, projected: inputs.map(() => projected), hidden: 6 },
      ...{ activation: 'relu', dropout: 0, output: outputs(1) },
    });
    const parameters = initialParameters(net.layout, rng(4, 'init')).map((value) => 3 * value);
    const trainingOf = (on: readonly ModalityInput[], y: readonly (0 | 1)[], drop = 5): HeadTraining =>
      new HeadTraining(
        new MlpHead(net, { ...options, drop: rng(drop, 'drop') }),
        parameters,
        on,
        judged(y),
        [],
      );
    const step = await trainingOf(inputs, labels, 6).step(group);

    // Computes the expected losses. A random stream with an equal seed repeats the draw of the step. The remaining
    // modalities form a small cohort, which is scored in evaluation mode.
    const left = dropModalities(gatherMask(inputs, group), inputs.length, rng(6, 'drop'));
    const reduced = inputs.map((input, m) => ({
      ...input,
      values: gatherRows(input, group),
      observed: Uint8Array.from(group, (_, i) => left[i * inputs.length + m] ?? 0),
    }));
    const y = group.map((patient) => labels[patient] as 0 | 1);
    const lossOf = (logit: number, i: number): number => Math.log(1 + Math.exp(y[i] === 1 ? -logit : logit));
    const full = logitsOf(await trainingOf(inputs, labels).outputs(group)).map(lossOf);
    const others = logitsOf(await trainingOf(reduced, y).outputs(group.map((_, i) => i))).map((logit, i) =>
      reduced.some(({ observed }) => observed[i] === 1) ? lossOf(logit, i) : null,
    );

    const mean = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / group.length;
    const wanted = {
      full: mean(full),
      reduced: mean(others.map((loss) => loss ?? 0)),
      mofe: mean(full.map((loss, i) => Math.max(loss - (others[i] ?? Infinity), 0))),
    };
    expect(others[4]).toBeNull();
    expect(wanted.mofe).toBeGreaterThan(0.01);
    for (const name of ['full', 'reduced', 'mofe'] as const)
      expect(step.metrics[name], name).toBeCloseTo(wanted[name], 5);
    expect(step.loss).toBeCloseTo(wanted.full + wanted.reduced + options.lambdaMoFe * wanted.mofe, 5);
  });
});
