import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import { embeddingsFile } from '../stage1/encoder-data.js';
import { readJudgedFold } from '../criteria/judged-fold.js';
import { outputRows } from '../criteria/output-rows.js';
import { historyFile, historySchema } from '../tensor/history-data.js';
import { bestDiscrimination } from '../tensor/train-in-stage.js';
import { readSafetensors } from '../tensor/safetensors.js';
import { predictionFiles } from './prediction-files.js';

/** The bag classifier of a Stage-1 encoder as a method: its scores and its training history (method.md 8.1). */
export function classifiedBags(context: StageContext): StageOutput {
  const data = readJudgedFold(context);
  const encoder = context.inputs.one('stage1');
  const { logits, observed } = readSafetensors(encoder.bytes(embeddingsFile));
  if (!(logits?.data instanceof Float32Array) || !(observed?.data instanceof Uint8Array))
    throw new Error('The stage1 artifact holds no logits with a mask');
  const rows = outputRows(logits.data, logits.shape[1] as number);
  const scored = new Map(
    data.cohort.patients.flatMap((_, patient) =>
      observed.data[patient] === 1 ? [[patient, rows[patient] as readonly number[]] as const] : [],
    ),
  );
  const history = encoder.json(historyFile, historySchema);
  return {
    type: 'output',
    files: { ...predictionFiles(data, scored), [historyFile]: history },
    metrics: bestDiscrimination(history, data.criterion.ranking),
  };
}
