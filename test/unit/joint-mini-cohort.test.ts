import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { joint } from '../../src/operators/joint/joint.js';
import { modalitiesOf } from '../../src/operators/methods/method.js';
import { methodOf } from '../../src/operators/methods/registry.js';
import { paperMethodIds } from '../../src/operators/paper/paper-results.js';
import { spectrumSchema } from '../../src/operators/stage2/alignment-data.js';
import { foldRobustnessSchema } from '../../src/operators/stage3/robustness-data.js';
import { loadBackend } from '../../src/operators/tensor/backend.js';
import type { StageOutput } from '../../src/pipeline/stage.js';
import { runWithPause, storedFiles } from '../support/checkpoints.js';
import { miniCohort, miniConfig, ofModalities } from '../support/mini-cohort.js';
import { slidesConfig, withSlides } from '../support/mini-slides.js';
import { arraysOf, historyOf, predictionsIn, testAuc } from '../support/training-output.js';
import { resolvedConfig, slotsNamed, type Changes } from '../support/resolved-config.js';
import { runStage, type StageRun } from '../support/run-stage.js';

const mini = withSlides(miniCohort());
const { base, embed, preprocess } = mini.inputs;
const jobOf = (method: string, config: Changes = {}): StageRun => ({
  config: { ...slidesConfig, ...config },
  unit: { fold: 0, method },
  inputs: ofModalities(
    { ...base, ...embed, ...preprocess },
    modalitiesOf(methodOf(method), slotsNamed(config.modalities ?? slidesConfig.modalities ?? [])),
  ),
});
const run = async (method: string, config: Changes = {}): Promise<StageOutput> =>
  (await runStage(joint, jobOf(method, config))).output;
const joined = paperMethodIds.filter((id) => ['fusion', 'instances'].includes(methodOf(id).kind));

beforeAll(async () => {
  await loadBackend();
});

const aligned = (id: string): boolean => {
  const method = methodOf(id);
  return method.kind === 'fusion' && method.embedding !== 'projected';
};

describe('a small cohort, all stages of a method in one step', () => {
  const outputs = new Map<string, StageOutput>();

  // Training fails if an array has no gradient. So this test also shows that each method trains all its arrays.
  it.each(joined)('%s learns the planted signal', async (method) => {
    const tensors = tf.memory().numTensors;
    const output = await run(method);
    expect(tf.memory().numTensors).toBe(tensors);
    outputs.set(method, output);
    expect(testAuc(output)).toBeGreaterThan(0.8);
    const epoch = Object.keys(historyOf(output).epochs[0] ?? {});
    const { kind } = methodOf(method);
    expect(epoch.includes('img_tma'), 'img_tma').toBe(kind === 'fusion');
    expect(epoch.includes('mofe'), 'mofe').toBe(/haf|drop/.test(method));
    expect(epoch.includes('sv'), 'sv').toBe(aligned(method) && !method.startsWith('clip'));
    expect(Object.keys(output.files).includes('u.safetensors')).toBe(aligned(method));
    expect(Object.keys(output.files).includes('robustness.json')).toBe(kind === 'fusion');
  });

  it('trains encoders alike in every detached row of the same modalities, and otherwise in attached ones', () => {
    const encodersOf = (method: string): unknown[] =>
      historyOf(outputs.get(method) as StageOutput)
        .epochs.slice(0, 3)
        .map(({ img_wsi, img_tma }) => [img_wsi, img_tma]);
    for (const method of ['ga', 'haf', 'drop', 'clip', 'ga_max', 'ps3', 'bilinear'])
      expect(encodersOf(method), method).toEqual(encodersOf('all_mlp'));
    for (const method of ['ga_attached', 'haf_attached', 'drop_attached', 'all_mlp_attached'])
      expect(encodersOf(method), method).not.toEqual(encodersOf('all_mlp'));
  });

  it('writes what the stages write, for patients in cohort order', () => {
    const output = outputs.get('haf') as StageOutput;
    expect(predictionsIn(output).map(({ patient }) => Number(patient))).toEqual(
      Array.from({ length: 96 }, (_, i) => 144 + i),
    );
    const { u, before, mask } = arraysOf(output, 'u.safetensors');
    expect([u?.shape, before?.shape, mask?.shape]).toEqual([
      [mini.patients, 4, 16],
      [mini.patients, 4, 16],
      [mini.patients, 4],
    ]);
    expect(u?.data).not.toEqual(before?.data);
    const absent = (m: number): number[] =>
      Array.from({ length: mini.patients }, (_, i) => i).filter((i) => mask?.data[4 * i + m] === 0);
    expect([0, 1, 2, 3].map(absent)).toEqual([mini.withoutWsi, mini.withoutTma, [], mini.withoutBlood]);
    const first = mini.withoutWsi[0] as number;
    expect(u?.data.subarray(first * 64, first * 64 + 16).every((value) => value === 0)).toBe(true);
    const { modalities, test } = spectrumSchema.parse(output.files['spectrum.json']);
    expect(modalities).toEqual(['WSI', 'TMA', 'Clin', 'Blood']);
    expect(test.after.leadingShare).toBeGreaterThan(test.before.leadingShare ?? 1);
    const { drop } = foldRobustnessSchema.parse(output.files['robustness.json']);
    expect(drop[0]?.auc).toBeCloseTo(testAuc(output) ?? 0, 12);
    const names = Object.keys(arraysOf(output, 'weights.safetensors'));
    for (const name of [
      'encoder.WSI.embed.weight',
      'alignment.phi.Blood.hidden.bias',
      'head.fusion.output.weight',
    ])
      expect(names).toContain(name);
    expect(Object.keys(arraysOf(outputs.get('clip') as StageOutput, 'weights.safetensors'))).toContain(
      'alignment.clip.logScale',
    );
  });

  it('looks at the modalities of the method alone', () => {
    expect(modalitiesOf(methodOf('wsi_tma_mlp'), slotsNamed(['WSI', 'TMA', 'Clin', 'Blood']))).toEqual([
      'WSI',
      'TMA',
    ]);
    const names = Object.keys(arraysOf(outputs.get('wsi_tma_mlp') as StageOutput, 'weights.safetensors'));
    expect(names.some((name) => name.includes('Clin'))).toBe(false);
  });

  it.each(['haf_attached', 'clip_drop', 'mfmf'])(
    '%s, paused and gone on with elsewhere, leaves the same bytes',
    async (method) => {
      const changes: Changes = {
        bag: { maxInstances: 4 },
        fusion: { ...miniConfig.fusion, dropout: 0.3 },
        train: { ...miniConfig.train, epochs: 5, plateauPatience: 0, weightDecay: 0.01 },
      };
      const whole = await run(method, changes);
      expect(historyOf(whole).epochs).toHaveLength(5);
      for (const epoch of [1, 3]) {
        const { paused, output } = await runWithPause(joint, jobOf(method, changes), epoch);
        expect(paused).toMatchObject({ code: 'HAF_INTERRUPTED' });
        expect(storedFiles(output), `after epoch ${epoch}`).toEqual(storedFiles(whole));
      }
    },
  );

  it('trains without pathology, on tables alone', async () => {
    expect(testAuc(await run('haf', { modalities: ['Clin', 'Blood'] }))).toBeGreaterThan(0.7);
  });
});

describe('the preset of the reference implementation', () => {
  const train = { ...miniConfig.train, epochs: 12 };
  const settings: Changes = { preset: 'reference', ...slidesConfig, train };

  it('is what these tests run', () => {
    const { mil, pool, mdlm, tabular, fusion } = resolvedConfig(settings);
    expect([mil.transfer, mil.heads, mil.wInstAgain]).toEqual(['linear', 'deceased', 1]);
    expect([pool.detach, pool.imageLoss, mdlm.combine]).toEqual([false, false, 'frozenConcat']);
    expect([tabular.transfer, fusion.logits]).toEqual(['frozenRandom', 2]);
  });

  it.each(joined)('%s learns the planted signal under it', async (method) => {
    const output = await run(method, settings);
    expect(testAuc(output)).toBeGreaterThan(0.8);
    const weights = arraysOf(output, 'weights.safetensors');
    if (methodOf(method).kind !== 'fusion') return;
    expect(weights['encoder.WSI.transfer.weight']?.shape).toEqual([16, 16]);
    expect(weights['encoder.WSI.instance.weight']?.shape).toEqual([16, 2]);
    // Frozen maps of tables are not stored as weights. The output z' of Stage 1 (method.md 4) enters the head without a
    // map.
    expect(Object.keys(weights).filter((name) => name.includes('projection'))).toEqual([]);
  });
});
