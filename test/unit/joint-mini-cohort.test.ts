import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { joint } from '../../src/operators/joint/joint.js';
import { spectrumSchema } from '../../src/operators/stage2/alignment-data.js';
import { predictionsSchema, type Prediction } from '../../src/operators/stage3/prediction-data.js';
import { robustnessSchema } from '../../src/operators/stage3/robustness-data.js';
import { auc } from '../../src/operators/stats/auc.js';
import { historySchema, type History } from '../../src/operators/tensor/history-data.js';
import { readSafetensors } from '../../src/operators/tensor/safetensors.js';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import type { StageOutput } from '../../src/pipeline/stage.js';
import { storedFiles } from '../support/checkpoints.js';
import { miniCohort, miniConfig } from '../support/mini-cohort.js';
import { runStage } from '../support/run-stage.js';

const mini = miniCohort();
const { base, embed, preprocess } = mini.inputs;
const run = async (method: string, config: Partial<ConfigInput> = {}): Promise<StageOutput> => {
  const inputs = { ...base, ...embed, ...preprocess };
  const unit = { fold: 0, method };
  return (await runStage(joint, { config: { ...miniConfig, ...config }, unit, inputs })).output;
};
const historyOf = (output: StageOutput): History => historySchema.parse(output.files['history.json']);
const predictionsIn = (output: StageOutput): Prediction[] =>
  predictionsSchema.parse(output.files['predictions.json']);
const testAuc = (output: StageOutput): number | null => {
  const tested = predictionsIn(output).filter(({ split }) => split === 'test');
  return auc(
    tested.map(({ y }) => y),
    tested.map(({ logit }) => logit),
  );
};

describe('a small cohort, all stages of a method in one step', () => {
  it.each(['haf', 'haf_attached', 'ga', 'drop_attached', 'all_mlp', 'all_mlp_attached'])(
    '%s learns the planted signal',
    async (method) => {
      const output = await run(method);
      expect(testAuc(output)).toBeGreaterThan(0.8);
    },
  );
});
