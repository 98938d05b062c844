import {
  predictionsFile,
  predictionsSchema,
  type Prediction,
} from '../../src/operators/stage3/prediction-data.js';
import { auc } from '../../src/operators/stats/auc.js';
import { historyFile, historySchema, type History } from '../../src/operators/tensor/history-data.js';
import { readSafetensors } from '../../src/operators/tensor/safetensors.js';
import type { StageOutput } from '../../src/pipeline/stage.js';

/** The arrays of a file that a training job wrote. */
export const arraysOf = (output: StageOutput, file: string): ReturnType<typeof readSafetensors> =>
  readSafetensors(output.files[file] as Uint8Array);

export const historyOf = (output: StageOutput): History => historySchema.parse(output.files[historyFile]);

export const predictionsIn = (output: StageOutput): Prediction[] =>
  predictionsSchema.parse(output.files[predictionsFile]);

/** AUC of the test patients, from the predictions of a training job. */
export function testAuc(output: StageOutput): number | null {
  const tested = predictionsIn(output).filter(({ split }) => split === 'test');
  return auc(
    tested.map(({ y }) => y),
    tested.map(({ logit }) => logit),
  );
}
