import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import { modalityOf } from '../cohort/cohort-data.js';
import { readJudgedFold, trainingOn } from '../criteria/judged-fold.js';
import { loadBackend } from '../tensor/backend.js';
import { requireTraining } from '../tensor/fold-patients.js';
import { historyFile } from '../tensor/history-data.js';
import { initialParameters, namedParameters } from '../tensor/parameters.js';
import { writeSafetensors } from '../tensor/safetensors.js';
import { reportingStage, type ReportingControl } from '../tensor/reporting-stage.js';
import { bestDiscrimination, trainInStage } from '../tensor/train-in-stage.js';
import { BagSource } from './bag-source.js';
import { deviceRoom } from './device-room.js';
import { attentionFile, embeddingsFile, weightsFile } from './encoder-data.js';
import { encodePatients } from './encode-patients.js';
import { EncoderTraining } from './encoder-training.js';
import { bagEncoderOf, type BagEncoder } from './bag-encoder.js';

/**
 * Trains the encoder of one bag modality, or one encoder of all bag modalities together (the union), in one fold.
 * Exports z and the attention scores of every patient (method.md 4, 7.1, 8.1). Early stopping watches the bag
 * classifier on the validation patients.
 */
export const stage1 = reportingStage(trainEncoder);

async function trainEncoder(context: StageContext, control: ReportingControl): Promise<StageOutput> {
  const { config, inputs } = context;
  const { cohort, fold, targets, criterion } = readJudgedFold(context);
  // The modalities that the encoder reads: one modality, or for the union all bag modalities in the order of the
  // experiment.
  const modalities = inputs.all('bags').map(modalityOf);
  const source = new BagSource(cohort, modalities, inputs.all('embed'));
  const having = (patients: readonly number[]): readonly number[] =>
    patients.filter((patient) => source.has(patient));
  const patients = having(fold.train);
  requireTraining(patients, modalities.join(' or '));

  const { name: backend } = await loadBackend();
  const encoder = bagEncoderOf(config.mil, source.width, criterion, config.align.width);
  const parameters = initialParameters(encoder.layout, context.rng('init'));
  const place = deviceRoom()?.enter(source.name, encoder) ?? null;
  const model = new EncoderTraining(encoder, parameters, source, targets, {
    maxInstances: config.bag.maxInstances,
    validation: having(fold.val),
    dropout: context.rng('dropout'),
    subsample: context.rng('subsample'),
    signal: control.signal,
    place,
  });
  const training = { ...trainingOn({ criterion, targets }, patients), backend };
  const trained = async () => ({
    history: await trainInStage(model, context, control, training),
    exported: await exportPatients(model, encoder, source, cohort.patients.length),
  });
  const { history, exported } = await trained().finally(() => place?.leave());
  return {
    type: 'output',
    files: {
      [weightsFile]: writeSafetensors(namedParameters(encoder.layout, parameters)),
      ...exported,
      [historyFile]: history,
    },
    metrics: bestDiscrimination(history, criterion.ranking),
  };
}

/** Files with the results of the encoder for every patient. */
async function exportPatients(
  model: EncoderTraining,
  encoder: BagEncoder,
  source: BagSource,
  count: number,
): Promise<Record<string, Uint8Array>> {
  const { z, logits, observed, scores, offsets } = await encodePatients(model, encoder, source, count);
  return {
    [embeddingsFile]: writeSafetensors({
      z: { shape: [count, encoder.embedding], data: z },
      observed: { shape: [count], data: observed },
      logits: { shape: [count, encoder.outputs], data: logits },
    }),
    [attentionFile]: writeSafetensors({
      scores: { shape: [scores.length], data: scores },
      offsets: { shape: [count + 1], data: offsets },
    }),
  };
}
