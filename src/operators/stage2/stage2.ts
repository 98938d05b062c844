import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import { loadBackend } from '../tensor/backend.js';
import { readFold, requireTraining, type FoldPatients } from '../tensor/fold-patients.js';
import { historyFile, type History } from '../tensor/history-data.js';
import { initialParameters, namedParameters } from '../tensor/parameters.js';
import type { Trainable } from '../tensor/train-loop.js';
import { writeSafetensors } from '../tensor/safetensors.js';
import { reportingStage, type ReportingControl } from '../reporting-stage.js';
import { trainInStage } from '../tensor/train-in-stage.js';
import { weightsFile } from '../stage1/encoder-data.js';
import { latentFile, spectrumFile, type Spectrum } from './alignment-data.js';
import { gatherMask, hasAny, readModalityInputs } from './modality-inputs.js';
import { objectiveOf } from './alignment-objective.js';
import { probeOf, ProbedTraining, type ProbedTrainingOptions } from './probed-training.js';
import { alignedLayout, ProjectionTraining } from './projection-training.js';
import { project, projectionOf, type Projection } from './projection.js';
import { spectrumMeans } from './spectrum.js';

/**
 * Trains the maps phi of one fold on frozen z and table vectors by the alignment loss of the unit, and exports the latent
 * vectors of every patient under the initial and the best weights (method.md 5, 7.1, 8.2). Early stopping watches the
 * validation AUC of a probe beside phi, or the validation loss (`align.monitor`).
 */
export const stage2 = reportingStage(trainProjection);

async function trainProjection(context: StageContext, control: ReportingControl): Promise<StageOutput> {
  const { config, modalities, unit } = context;
  if (unit.alignment === undefined) throw new Error('A stage2 job covers one fold and one alignment');
  const { cohort, labels, fold } = readFold(context);
  const inputs = readModalityInputs(context, modalities);
  const having = (patients: readonly number[]): readonly number[] =>
    patients.filter((patient) => hasAny(inputs, patient));
  const patients = having(fold.train);
  requireTraining(patients, 'any modality');

  const { name: backend } = await loadBackend();
  const projection = projectionOf(config.align, inputs);
  const objective = objectiveOf(unit.alignment, config, modalities);
  const layout = alignedLayout(projection, objective);
  const parameters = initialParameters(layout, context.rng('init'));
  const phiOf = (values: Float32Array): Float32Array => values.subarray(0, projection.layout.size);
  const everyone = cohort.patients.map((_, patient) => patient);
  const mask = gatherMask(inputs, everyone);
  const before = await latentVectors(projection, phiOf(parameters), everyone, mask);
  const alignment = { projection, objective, aligned: parameters, labels, validation: having(fold.val) };
  const model = modelOf(context, alignment);
  const { monitor } = config.align;
  const history = await trainInStage(model, context, control, { monitor, patients, labels, backend });
  const u = await latentVectors(projection, phiOf(model.parameters), everyone, mask);
  const shape = [everyone.length, inputs.length, projection.width];
  const spectrum = spectrumOf(projection, fold, mask, before, u);
  const { leadingShare } = spectrum.val.after;
  return {
    type: 'output',
    files: {
      [weightsFile]: writeSafetensors(namedParameters(layout, model.parameters)),
      [latentFile]: writeSafetensors({
        u: { shape, data: u },
        before: { shape, data: before },
        mask: { shape: shape.slice(0, 2), data: mask },
      }),
      [spectrumFile]: spectrum,
      [historyFile]: {
        ...history,
        warnings: [...history.warnings, ...alignmentWarnings(leadingShare, history)],
      },
    },
    metrics: {
      valAuc: history.epochs[history.bestEpoch - 1]?.['valAuc'] ?? null,
      bestEpoch: history.bestEpoch,
      leadingShare,
    },
  };
}

/** The alignment alone, or with a probe beside it, as `align.monitor` says. Its parameters come first either way. */
function modelOf(
  { config: { align }, rng }: Pick<StageContext, 'config' | 'rng'>,
  alignment: Omit<ProbedTrainingOptions, 'probe' | 'head'>,
): Trainable {
  const { projection, objective, aligned, validation } = alignment;
  if (align.monitor === 'valLoss') return new ProjectionTraining(projection, objective, aligned, validation);
  const probe = probeOf(projection);
  return new ProbedTraining({
    ...alignment,
    probe,
    head: initialParameters(probe.layout, rng('probe-init')),
  });
}

/** A share of the leading singular value from which on the modalities of a patient say nearly the same. */
const collapsedShare = 0.95;

/** What the reader of an aligned row should know: how far alignment went, which early stopping decided. */
function alignmentWarnings(leadingShare: number | null, { bestEpoch }: History): readonly string[] {
  return [
    ...(bestEpoch <= 1 ? ['Early stopping kept the first epoch: the vectors are hardly aligned.'] : []),
    ...(leadingShare !== null && leadingShare > collapsedShare
      ? [
          `One direction carries more than ${collapsedShare * 100} % of the modality vectors of a patient: ` +
            'alignment has nearly collapsed them into one.',
        ]
      : []),
  ];
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
