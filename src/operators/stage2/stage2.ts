import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import { loadBackend } from '../tensor/backend.js';
import { readFold, requireTraining, type FoldPatients } from '../tensor/fold-patients.js';
import { historyFile } from '../tensor/history-data.js';
import { initialParameters, namedParameters } from '../tensor/parameters.js';
import { writeSafetensors } from '../tensor/safetensors.js';
import { trainInStage, trainingStage, type TrainingControl } from '../tensor/training-stage.js';
import { weightsFile } from '../stage1/encoder-data.js';
import { latentFile, spectrumFile, type Spectrum } from './alignment-data.js';
import { gatherMask, hasAny, readModalityInputs } from './modality-inputs.js';
import { probeOf, ProbedTraining } from './probed-training.js';
import { ProjectionTraining } from './projection-training.js';
import { project, projectionOf, type Projection } from './projection.js';
import { spectrumMeans } from './spectrum.js';

/**
 * Trains the maps phi of one fold on frozen z and table vectors by the alignment loss, and exports the latent vectors of
 * every patient under the initial and the best weights (method.md 5, 7.1). Early stopping watches the validation AUC of a
 * probe beside phi, or the validation loss (`align.monitor`).
 */
export const stage2 = trainingStage(trainProjection);

async function trainProjection(context: StageContext, control: TrainingControl): Promise<StageOutput> {
  const { config, modalities } = context;
  const { cohort, labels, fold } = readFold(context);
  const inputs = readModalityInputs(context, modalities);
  const having = (patients: readonly number[]): readonly number[] =>
    patients.filter((patient) => hasAny(inputs, patient));
  const patients = having(fold.train);
  requireTraining(patients, 'any modality');

  const { name: backend } = await loadBackend();
  const projection = projectionOf(config.align, inputs);
  const parameters = initialParameters(projection.layout, context.rng('init'));
  const everyone = cohort.patients.map((_, patient) => patient);
  const mask = gatherMask(inputs, everyone);
  const before = await latentVectors(projection, parameters, everyone, mask);
  const probe = probeOf(projection);
  const trained = joined(parameters, initialParameters(probe.layout, context.rng('probe-init')));
  const phi = trained.subarray(0, parameters.length);
  const validation = having(fold.val);
  const { monitor } = config.align;
  const model =
    monitor === 'valLoss'
      ? new ProjectionTraining(projection, phi, config.align, validation)
      : new ProbedTraining({
          ...{ projection, probe, labels, validation },
          parameters: trained,
          align: config.align,
          rng: context.rng('probe'),
        });
  const history = await trainInStage(model, context, control, { monitor, patients, labels, backend });
  const u = await latentVectors(projection, phi, everyone, mask);
  const shape = [everyone.length, inputs.length, projection.width];
  return {
    type: 'output',
    files: {
      [weightsFile]: writeSafetensors(namedParameters(projection.layout, phi)),
      [latentFile]: writeSafetensors({
        u: { shape, data: u },
        before: { shape, data: before },
        mask: { shape: shape.slice(0, 2), data: mask },
      }),
      [spectrumFile]: spectrumOf(projection, fold, mask, before, u),
      [historyFile]: history,
    },
    metrics: {
      valLoss: history.epochs[history.bestEpoch - 1]?.['valLoss'] ?? null,
      bestEpoch: history.bestEpoch,
    },
  };
}

function joined(a: Float32Array, b: Float32Array): Float32Array {
  const both = new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Patients projected at once when a whole cohort is exported. */
const exportBatch = 512;

/** u of all patients, [n, M, D], with zeros where a modality is absent. */
async function latentVectors(
  projection: Projection,
  parameters: Float32Array,
  patients: readonly number[],
  mask: Uint8Array,
): Promise<Float32Array> {
  const { width } = projection;
  const u = new Float32Array(mask.length * width);
  const stride = projection.inputs.length * width;
  for (let from = 0; from < patients.length; from += exportBatch)
    u.set(await project(projection, parameters, patients.slice(from, from + exportBatch)), from * stride);
  mask.forEach((observed, slot) => {
    if (observed === 0) u.fill(0, slot * width, (slot + 1) * width);
  });
  return u;
}

function spectrumOf(
  { inputs }: Projection,
  fold: FoldPatients,
  mask: Uint8Array,
  before: Float32Array,
  after: Float32Array,
): Spectrum {
  const changeOf = (patients: readonly number[]): Spectrum['train'] => ({
    before: spectrumMeans(before, mask, inputs.length, patients),
    after: spectrumMeans(after, mask, inputs.length, patients),
  });
  return {
    modalities: inputs.map(({ modality }) => modality),
    train: changeOf(fold.train),
    val: changeOf(fold.val),
    test: changeOf(fold.test),
  };
}
