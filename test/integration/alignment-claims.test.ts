import { beforeAll, describe, expect, it } from 'vitest';
import type { ModalityId } from '../../src/pipeline/core/modality.js';
import { spectrumFile, spectrumSchema, type Spectrum } from '../../src/operators/stage2/alignment-data.js';
import { stage2 } from '../../src/operators/stage2/stage2.js';
import { robustnessFile, foldRobustnessSchema } from '../../src/operators/stage3/robustness-data.js';
import { stage3 } from '../../src/operators/stage3/stage3.js';
import { runStage } from '../support/run-stage.js';
import { sharedSignal, sharedSignalConfig as config } from '../support/shared-signal.js';

/** The seeds of the cohorts, and the folds that are trained of each cohort. */
const seeds = [1, 2, 3];
const folds = [0, 1];

interface Trained {
  readonly spectra: readonly Spectrum[];
  /** Test AUC of a method when modalities are hidden with probability rho, mean over cohorts and folds. */
  readonly auc: (method: string, rho: number) => number;
}

async function trained(blur: (modality: ModalityId) => number, methods: readonly string[]): Promise<Trained> {
  const spectra: Spectrum[] = [];
  const curves = new Map(methods.map((method) => [method, [] as (number | null)[][]]));
  for (const seed of seeds)
    for (const fold of folds) {
      const inputs = sharedSignal(seed, blur, fold);
      const aligned = await runStage(stage2, { config, unit: { fold: 0, alignment: 'svd' }, inputs });
      const { files } = aligned.output;
      spectra.push(spectrumSchema.parse(files[spectrumFile]));
      for (const [method, found] of curves) {
        const given = { ...inputs, stage2: [{ id: 'aligned', files }] };
        const { output } = await runStage(stage3, { config, unit: { fold: 0, method }, inputs: given });
        found.push(foldRobustnessSchema.parse(output.files[robustnessFile]).drop.map(({ auc }) => auc));
      }
    }
  const auc = (method: string, rho: number): number => {
    const found = curves.get(method) ?? [];
    return found.reduce((sum, curve) => sum + (curve[Math.round(10 * rho)] ?? NaN), 0) / found.length;
  };
  return { spectra, auc };
}

/** Each modality alone nearly suffices to predict the risk, so hidden modalities lose little information. */
describe('seven modalities that all show the risk well', () => {
  let result: Trained;
  beforeAll(async () => {
    result = await trained(() => 0.3, ['haf', 'all_mlp']);
  }, 120_000);

  it('HAF hardly suffers when four modalities in ten are hidden', () => {
    expect(result.auc('haf', 0)).toBeGreaterThan(0.93);
    expect(result.auc('haf', 0) - result.auc('haf', 0.4)).toBeLessThan(0.03);
  });

  it('alignment brings the modalities of test patients together in every fold', () => {
    for (const { test } of result.spectra)
      expect((test.after.leadingShare ?? 0) - (test.before.leadingShare ?? 1)).toBeGreaterThan(0.03);
  });

  it('HAF keeps up with the fusion of all modalities under drop', () => {
    for (const rho of [0.2, 0.4, 0.5])
      expect(result.auc('haf', rho)).toBeGreaterThan(result.auc('all_mlp', rho) - 0.02);
  });
});

/** Without random drop in training, a model may rely on the slide only. */
describe('a slide that shows the risk better than the other six together', () => {
  it('random drop in training makes HAF better than GA when modalities are hidden', async () => {
    const { auc } = await trained((modality) => (modality === 'WSI' ? 0.1 : 0.8), ['haf', 'ga']);
    for (const rho of [0.5, 0.6, 0.7]) expect(auc('haf', rho)).toBeGreaterThan(auc('ga', rho) + 0.01);
  }, 120_000);
});
