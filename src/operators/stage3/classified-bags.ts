import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import { embeddingsFile } from '../stage1/encoder-data.js';
import { readFold } from '../tensor/fold-patients.js';
import { historyFile, historySchema } from '../tensor/history-data.js';
import { readSafetensors } from '../tensor/safetensors.js';
import { predictionsFile } from './prediction-data.js';
import { predictionsOf } from './predictions.js';

/** The bag classifier of a Stage-1 encoder as a method: its scores and its course of training (method.md 8.1). */
export function classifiedBags(context: StageContext): StageOutput {
  const data = readFold(context);
  const encoder = context.inputs.one('stage1');
  const { logits, observed } = readSafetensors(encoder.bytes(embeddingsFile));
  if (!(logits?.data instanceof Float32Array) || !(observed?.data instanceof Uint8Array))
    throw new Error('The stage1 artifact holds no logits with a mask');
  const { data: values } = logits;
  const scored = new Map(
    data.cohort.patients.flatMap((_, patient) =>
      observed.data[patient] === 1
        ? [[patient, (values[2 * patient + 1] as number) - (values[2 * patient] as number)] as const]
        : [],
    ),
  );
  const history = encoder.json(historyFile, historySchema);
  return {
    type: 'output',
    files: { [predictionsFile]: predictionsOf(data, scored), [historyFile]: history },
    metrics: { valAuc: history.epochs[history.bestEpoch - 1]?.['valAuc'] ?? null },
  };
}
