import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import { modalitiesOf, type Method } from '../methods/method.js';
import { methodOf } from '../methods/registry.js';
import { hasAny, readModalityInputs, type ModalityInput } from '../stage2/modality-inputs.js';
import { weightsFile } from '../stage1/encoder-data.js';
import { loadBackend } from '../tensor/backend.js';
import { readFold, requireTraining } from '../tensor/fold-patients.js';
import { historyFile } from '../tensor/history-data.js';
import { initialParameters, namedParameters } from '../tensor/parameters.js';
import { writeSafetensors } from '../tensor/safetensors.js';
import { reportingStage, type ReportingControl } from '../reporting-stage.js';
import { trainInStage } from '../tensor/train-in-stage.js';
import { fusionNetOf, type FusionNet } from './fusion-net.js';
import { FusionTraining } from './fusion-training.js';
import { readLatentInputs } from './latent-inputs.js';
import { predictionsFile } from './prediction-data.js';
import { predictionsOf } from './predictions.js';

/**
 * Trains the network of one method in one fold on frozen embeddings and scores the validation and test patients
 * (method.md 6, 8). Early stopping watches the validation AUC; the test patients are scored once, at the end.
 */
export const stage3 = reportingStage(trainMethod);

async function trainMethod(context: StageContext, control: ReportingControl): Promise<StageOutput> {
  const { unit, config } = context;
  const method = methodOf(unit.method ?? '');
  const data = readFold(context);
  const { labels, fold } = data;
  const net = netOf(context, method);
  const having = (patients: readonly number[]): readonly number[] =>
    patients.filter((patient) => hasAny(net.inputs, patient));
  const patients = having(fold.train);
  requireTraining(patients, net.inputs.map(({ modality }) => modality).join(' or '));

  const { name: backend } = await loadBackend();
  const parameters = initialParameters(net.layout, context.rng('init'));
  // A single table has nothing to drop, and its job is not given the fusion settings.
  const monotonic = method.kind === 'fusion' ? config.fusion : { lambdaMoFe: 0, mofeStopGradReduced: false };
  const model = new FusionTraining(net, parameters, labels, {
    ...monotonic,
    randomDrop: method.kind === 'fusion' && method.randomDrop,
    validation: having(fold.val),
    dropout: context.rng('dropout'),
    drop: context.rng('drop'),
  });
  const history = await trainInStage(model, context, control, {
    monitor: 'valAuc',
    patients,
    labels,
    backend,
  });
  const visible = having([...fold.val, ...fold.test]);
  const logits = await model.logits(visible);
  const scored = new Map(visible.map((patient, i) => [patient, logits[i] as number]));
  return {
    type: 'output',
    files: {
      [weightsFile]: writeSafetensors(namedParameters(net.layout, parameters)),
      [predictionsFile]: predictionsOf(data, scored),
      [historyFile]: history,
    },
    metrics: { valAuc: history.epochs[history.bestEpoch - 1]?.['valAuc'] ?? null },
  };
}

/** The network of a method over the inputs it reads. */
function netOf(context: StageContext, method: Method): FusionNet {
  const { config } = context;
  const chosen = modalitiesOf(method, context.modalities);
  if (method.kind === 'single') {
    const inputs = readModalityInputs(context, chosen);
    return fusionNetOf({ inputs, projected: null, activation: 'relu', ...config.single });
  }
  const aligned = method.embedding === 'aligned';
  const inputs: readonly ModalityInput[] = aligned
    ? readLatentInputs(context, chosen)
    : readModalityInputs(context, chosen);
  const { projection, ...fusion } = config.fusion;
  return fusionNetOf({ inputs, projected: aligned ? null : projection, ...fusion });
}
