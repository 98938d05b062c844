import { describe, expect, it } from 'vitest';
import { stage1 } from '../../src/operators/stage1/stage1.js';
import { stage2 } from '../../src/operators/stage2/stage2.js';
import { stage3 } from '../../src/operators/stage3/stage3.js';
import { splitsFile } from '../../src/operators/splits/split-data.js';
import type { History } from '../../src/operators/tensor/history-data.js';
import type { StageCode } from '../../src/pipeline/stage.js';
import { runWithPause, storedFiles } from '../support/checkpoints.js';
import { frozenEmbeddings } from '../support/frozen-embeddings.js';
import { cohortIn, miniCohort, miniConfig, type MiniInputs } from '../support/mini-cohort.js';
import { historyOf } from '../support/training-output.js';
import { runStage, type StageRun } from '../support/run-stage.js';

const patients = 60;
const { inputs: mini } = miniCohort(patients);
const forStage1: MiniInputs = { ...mini.base, ...mini.embed };
const frozen = frozenEmbeddings(patients);

const cohort = cohortIn(forStage1);
const living = cohort.patients.filter(({ y, bags }) => y === 0 && bags['TMA']).map(({ id }) => id);
const validationOfOneClass = {
  train: cohort.patients.map(({ id }) => id).filter((id) => !living.slice(0, 6).includes(id)),
  val: living.slice(0, 6),
  test: [],
};
const withoutAuc: MiniInputs = {
  ...forStage1,
  split: [{ id: 'split', files: { [splitsFile]: { folds: [validationOfOneClass], hash: 'own' } } }],
};

/** Settings with which training draws numbers from every random stream, and soon reduces the learning rate. */
const config = {
  ...miniConfig,
  bag: { maxInstances: 4 },
  mil: { ...miniConfig.mil, dropout: 0.25, attentionDropout: 0.25 },
  fusion: { ...miniConfig.fusion, dropout: 0.3 },
  single: { ...miniConfig.single, dropout: 0.3 },
  train: { epochs: 18, batch: 8, lr: 0.03, patience: 12, plateauPatience: 1, weightDecay: 0.01 },
};
const stopBy = (monitor: 'valAuc' | 'valLoss'): typeof config => ({
  ...config,
  align: { ...config.align, monitor },
  train: { ...config.train, lr: 0.01 },
});

const jobs: Record<string, readonly [StageCode, StageRun]> = {
  'stage 1': [stage1, { config, unit: { fold: 0, modality: 'TMA' }, inputs: forStage1 }],
  'stage 1 without a validation AUC': [
    stage1,
    { config, unit: { fold: 0, modality: 'TMA' }, inputs: withoutAuc },
  ],
  'stage 2 by the AUC of the probe': [
    stage2,
    { config: stopBy('valAuc'), unit: { fold: 0, alignment: 'svd' }, inputs: frozen },
  ],
  'stage 2 by the loss': [
    stage2,
    { config: stopBy('valLoss'), unit: { fold: 0, alignment: 'svd' }, inputs: frozen },
  ],
  'stage 3 with drop and dropout': [stage3, { config, unit: { fold: 0, method: 'haf' }, inputs: frozen }],
  'stage 3 with maps of its own': [stage3, { config, unit: { fold: 0, method: 'drop' }, inputs: frozen }],
  'a single table': [stage3, { config, unit: { fold: 0, method: 'blood' }, inputs: frozen }],
};

/**
 * The most critical epochs for an interruption: the first one, the best one and the one after it, those around a
 * reduction of the learning rate, and the last one.
 */
function delicate({ epochs, bestEpoch }: History): readonly number[] {
  const lower = epochs.findIndex(({ lr }, i) => i > 0 && lr !== epochs[i - 1]?.['lr']);
  const last = epochs.length - 1;
  const wanted = [1, bestEpoch, bestEpoch + 1, lower - 1, lower, last - 1, last];
  return [...new Set(wanted)].filter((epoch) => epoch >= 1 && epoch <= last).sort((a, b) => a - b);
}

describe.each(Object.entries(jobs))('%s', (_, [code, run]) => {
  it('paused after an epoch and gone on with elsewhere, leaves the same bytes', async () => {
    const undisturbed = await runStage(code, run);
    const history = historyOf(undisturbed.output);
    expect(new Set(history.epochs.map(({ lr }) => lr)).size).toBeGreaterThan(1);
    const pauses = delicate(history);
    expect(pauses.length).toBeGreaterThan(2);
    for (const epoch of pauses) {
      const { paused, output, progress } = await runWithPause(code, run, epoch);
      expect(paused).toMatchObject({ code: 'HAF_INTERRUPTED' });
      expect(progress.map((event) => event.epoch)[0], `after epoch ${epoch}`).toBe(epoch + 1);
      expect(progress).toEqual(undisturbed.progress.slice(epoch));
      expect(storedFiles(output), `after epoch ${epoch}`).toEqual(storedFiles(undisturbed.output));
      expect(output.metrics).toEqual(undisturbed.output.metrics);
    }
  });
});
