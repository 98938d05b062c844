import { describe, expect, it, beforeAll } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import type { StageOutput } from '../../src/pipeline/stage.js';
import { stage1 } from '../../src/operators/stage1/stage1.js';
import { spectrumSchema } from '../../src/operators/stage2/alignment-data.js';
import { spectrumMeans } from '../../src/operators/stage2/spectrum.js';
import { stage2 } from '../../src/operators/stage2/stage2.js';
import { stage3 } from '../../src/operators/stage3/stage3.js';
import { ofModalities, miniCohort, miniConfig, type MiniInputs } from '../support/mini-cohort.js';
import { arraysOf, historyOf, predictionsIn, testAuc } from '../support/training-output.js';
import { runStage } from '../support/run-stage.js';

const mini = miniCohort();
const { base, embed, preprocess } = mini.inputs;
const run = async (
  code: typeof stage1,
  unit: Parameters<typeof runStage>[1]['unit'],
  inputs: MiniInputs,
): Promise<StageOutput> =>
  (await runStage(code, { config: miniConfig, unit: { fold: 0, ...unit }, inputs: { ...base, ...inputs } }))
    .output;
const asInput = (
  id: string,
  output: StageOutput,
  unit = {},
): { id: string; unit: object; files: StageOutput['files'] } => ({
  id,
  unit,
  files: output.files,
});

describe('a small cohort through the three stages', () => {
  let encoder: StageOutput;
  let aligned: StageOutput;
  let forStage3: { stage1: MiniInputs; stage2: MiniInputs };

  beforeAll(async () => {
    encoder = await run(stage1, { modality: 'TMA' }, embed);
    const stage1Input = { stage1: [asInput('encoder', encoder, { fold: 0, modality: 'TMA' })] };
    aligned = await run(stage2, { alignment: 'svd' }, { ...preprocess, ...stage1Input });
    forStage3 = {
      stage1: { ...preprocess, ...stage1Input },
      stage2: { ...preprocess, stage2: [asInput('aligned', aligned)] },
    };
  });

  it('stage 1 learns the planted signal and exports every patient', () => {
    expect(encoder.metrics?.['valAuc']).toBeGreaterThan(0.75);
    const { z, observed, logits } = arraysOf(encoder, 'z.safetensors');
    expect(z?.shape).toEqual([mini.patients, 16]);
    expect(logits?.shape).toEqual([mini.patients, 2]);
    const absent = Array.from(observed?.data ?? []).flatMap((value, i) => (value === 0 ? [i] : []));
    expect(absent).toEqual(mini.withoutTma);
    const first = mini.withoutTma[0] as number;
    expect(Array.from(z?.data.subarray(first * 16, first * 16 + 16) ?? [])).toEqual(new Array(16).fill(0));
    const { scores, offsets } = arraysOf(encoder, 'attention.safetensors');
    expect(offsets?.shape).toEqual([mini.patients + 1]);
    expect(offsets?.data.at(-1)).toBe(scores?.data.length);
    expect(scores?.data.every((score) => score !== 0)).toBe(true);
  });

  it('stage 2 brings the modalities of a patient together', () => {
    const { before, after } = spectrumSchema.parse(aligned.files['spectrum.json']).test;
    expect(after.leadingShare).toBeGreaterThan((before.leadingShare ?? 1) + 0.03);
    const { u, mask } = arraysOf(aligned, 'u.safetensors');
    expect(u?.shape).toEqual([mini.patients, 3, 16]);
    const blood = mini.withoutBlood[0] as number;
    expect(mask?.data[blood * 3 + 2]).toBe(0);
    expect(u?.data.subarray((blood * 3 + 2) * 16, (blood * 3 + 3) * 16).every((value) => value === 0)).toBe(
      true,
    );
    const spectra = spectrumSchema.parse(aligned.files['spectrum.json']);
    const sets = { train: [0, 144], val: [144, 192], test: [192, 240] } as const;
    const { before: start } = arraysOf(aligned, 'u.safetensors');
    for (const [set, [from, to]] of Object.entries(sets)) {
      const patients = Array.from({ length: to - from }, (_, i) => from + i);
      const means = (array: typeof u): unknown =>
        spectrumMeans(array?.data as Float32Array, mask?.data as Uint8Array, 3, patients);
      expect(spectra[set as keyof typeof sets], set).toEqual({ before: means(start), after: means(u) });
    }
    expect(historyOf(aligned).epochs.every(({ valLoss }) => Number.isFinite(valLoss))).toBe(true);
  });

  it.each(['haf', 'ga'])('%s learns the planted signal on aligned vectors', async (method) => {
    const output = await run(stage3, { method }, forStage3.stage2);
    expect(output.metrics?.['valAuc']).toBeGreaterThan(0.75);
    expect(testAuc(output)).toBeGreaterThan(0.7);
  });

  it.each(['drop', 'all_mlp'])('%s learns the planted signal through its own maps', async (method) => {
    const output = await run(stage3, { method }, forStage3.stage1);
    expect(output.metrics?.['valAuc']).toBeGreaterThan(0.75);
    expect(testAuc(output)).toBeGreaterThan(0.7);
    const metrics = Object.keys(historyOf(output).epochs[0] ?? {});
    expect(metrics.includes('mofe')).toBe(method === 'drop');
  });

  it('scores validation and test patients in cohort order, and nobody else', async () => {
    const predictions = predictionsIn(await run(stage3, { method: 'ga' }, forStage3.stage2));
    expect(predictions.map(({ patient }) => Number(patient))).toEqual(
      Array.from({ length: 96 }, (_, i) => 144 + i),
    );
    expect(predictions.every(({ observed }) => observed)).toBe(true);
    expect(predictions.every(({ p, logit }) => Math.abs(p - 1 / (1 + Math.exp(-logit))) < 1e-12)).toBe(true);
  });

  it('a single-table network gives the training base rate to patients without the row', async () => {
    const output = await run(stage3, { method: 'blood' }, ofModalities(preprocess, ['Blood']));
    expect(testAuc(output)).toBeGreaterThan(0.6);
    const without = predictionsIn(output).filter(({ observed }) => !observed);
    expect(without.map(({ patient }) => Number(patient))).toEqual(mini.withoutBlood.filter((i) => i >= 144));
    const cohort = base.cohort?.[0]?.files['cohort.json'] as { patients: { y: number }[] };
    const deceased = cohort.patients.slice(0, 144).filter(({ y }) => y === 1).length;
    without.forEach(({ p }) => expect(p).toBeCloseTo(deceased / 144, 12));
  });

  it('repeats every byte with the same seed, and keeps no tensor', async () => {
    const tensors = tf.memory().numTensors;
    const again = await run(stage1, { modality: 'TMA' }, embed);
    expect(again.files).toEqual(encoder.files);
    const first = await run(stage3, { method: 'drop' }, forStage3.stage1);
    expect((await run(stage3, { method: 'drop' }, forStage3.stage1)).files).toEqual(first.files);
    const projected = await run(stage2, { alignment: 'svd' }, forStage3.stage1);
    expect(projected.files).toEqual(aligned.files);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
