import type { ModalityId } from '../../pipeline/core/modality.js';
import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import type { ReportingControl } from '../tensor/reporting-stage.js';
import { modalityOf } from '../cohort/cohort-data.js';
import { BagSource, residentBytes } from '../stage1/bag-source.js';
import { weightsFile } from '../stage1/encoder-data.js';
import { hasAny, readTableInputs } from '../embeddings/modality-inputs.js';
import { predictionFiles } from '../stage3/prediction-files.js';
import { scoredPatients } from '../stage3/score-head.js';
import { loadBackend } from '../tensor/backend.js';
import { readJudgedFold, trainingOn } from '../criteria/judged-fold.js';
import { outputLayerOf } from '../criteria/output-rows.js';
import { requireTraining } from '../tensor/fold-patients.js';
import { historyFile } from '../tensor/history-data.js';
import { initialParameters, namedParameters } from '../tensor/parameters.js';
import { writeSafetensors } from '../tensor/safetensors.js';
import { bestDiscrimination, trainInStage } from '../tensor/train-in-stage.js';
import { bagSequence } from './bag-sequence.js';
import { mfmfNet } from './mfmf-net.js';
import { MfmfTraining, type MfmfBags } from './mfmf-training.js';

/**
 * Trains MFMF in one fold, from bags and tables to scores, and scores the validation and test patients (method.md 8.6).
 * There is no encoder and no image loss, because the network reads instances.
 */
export async function trainMfmf(context: StageContext, control: ReportingControl): Promise<StageOutput> {
  const { config, rng, inputs } = context;
  const data = readJudgedFold(context);
  const { cohort, fold, criterion } = data;
  const tables = readTableInputs(inputs);
  const there = inputs.all('bags').map(modalityOf);
  const sequence = bagSequence(
    config.mfmf,
    there.map((id) => ({ id, kind: 'bag' })),
  );
  const used = [...new Set(sequence)];
  const bags: Partial<Record<ModalityId, MfmfBags>> = {};
  for (const modality of there.filter((id) => used.includes(id))) {
    const source = new BagSource(cohort, modality, inputs.all('embed'), residentBytes() / used.length);
    bags[modality] = { source, subsample: rng(`${modality}-subsample`) };
  }
  const having = (patients: readonly number[]): readonly number[] =>
    patients.filter(
      (patient) => hasAny(tables, patient) || used.some((modality) => bags[modality]?.source.has(patient)),
    );
  const patients = having(fold.train);
  requireTraining(patients, [...used, ...tables.map(({ modality }) => modality)].join(' or '));

  const { name: backend } = await loadBackend();
  const widths = Object.fromEntries(used.map((modality) => [modality, bags[modality]?.source.width]));
  const net = mfmfNet(
    { config, rng, tables, sequence, bags: widths },
    outputLayerOf(criterion, config.fusion.logits),
  );
  const parameters = initialParameters(net.layout, rng('init'));
  const { maxInstances } = config.bag;
  const model = new MfmfTraining(net, parameters, {
    ...{ tables, bags, judged: data, maxInstances, validation: having(fold.val) },
  });
  const history = await trainInStage(model, context, control, {
    ...trainingOn(data, patients),
    backend,
  });
  const visible = having(scoredPatients(data));
  const rows = await model.outputs(visible);
  const scored = new Map(visible.map((patient, i) => [patient, rows[i] as readonly number[]]));
  return {
    type: 'output',
    files: {
      [weightsFile]: writeSafetensors(namedParameters(net.layout, parameters)),
      ...predictionFiles(data, scored),
      [historyFile]: history,
    },
    metrics: bestDiscrimination(history, criterion.ranking),
  };
}
