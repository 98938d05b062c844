import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import { loadBackend } from '../tensor/backend.js';
import { readJudgedFold, trainingOn } from '../criteria/judged-fold.js';
import { requireTraining } from '../tensor/fold-patients.js';
import { historyFile } from '../tensor/history-data.js';
import { initialParameters, namedParameters } from '../tensor/parameters.js';
import type { Trainable } from '../tensor/train-loop.js';
import { writeSafetensors } from '../tensor/safetensors.js';
import { reportingStage, type ReportingControl } from '../tensor/reporting-stage.js';
import { bestDiscrimination, trainInStage } from '../tensor/train-in-stage.js';
import { trainMembers, type TrainedMember } from '../tensor/train-members.js';
import { candidatesFile, type Candidates } from './alignment-data.js';
import { weightsFile } from '../stage1/encoder-data.js';
import { frozenTransfer } from './frozen-transfer.js';
import { alignmentWarnings, exportLatents } from './latent-export.js';
import { hasAny, readModalityInputs, slotsOfInputs } from '../embeddings/modality-inputs.js';
import { objectivesOf, signedCandidates, type AlignmentObjective } from './alignment-objective.js';
import { probeOf, ProbedTraining, type ProbedTrainingOptions } from './probed-training.js';
import { alignedLayout, ProjectionTraining } from './projection-training.js';
import { projectionOf } from './projection.js';

/**
 * Trains the maps phi of one fold on frozen z and table vectors by the alignment that the unit of the job names, and
 * exports the latent vectors of every patient under the initial and the best weights (method.md 5, 7.1, 8.2). Early
 * stopping uses the validation patients: the score of a probe, a classifier that is trained beside phi, or the
 * alignment loss (`align.monitor`). If there are several candidates for the settings, the stage keeps the one whose
 * probe ranks the validation patients best.
 */
export const stage2 = reportingStage(trainProjection);

async function trainProjection(context: StageContext, control: ReportingControl): Promise<StageOutput> {
  const { config, unit } = context;
  const { modalities } = config;
  if (unit.alignment === undefined) throw new Error('A stage2 job covers one fold and one alignment');
  const { fold, ...judged } = readJudgedFold(context);
  const read = readModalityInputs(context.inputs, modalities);
  const inputs =
    config.tabular.transfer === 'none'
      ? read
      : frozenTransfer(read, config.align.width, context.rng('transfer'));
  const having = (patients: readonly number[]): readonly number[] =>
    patients.filter((patient) => hasAny(inputs, patient));
  const patients = having(fold.train);
  requireTraining(patients, 'any modality');

  const { name: backend } = await loadBackend();
  const projection = projectionOf(config.align, inputs);
  const objectives = objectivesOf(unit.alignment, config, slotsOfInputs(read));
  const training = trainingOn(judged, patients);
  const phiOf = (values: Float32Array): Float32Array => values.subarray(0, projection.layout.size);
  const starts: Float32Array[] = [];
  const trained = await trainMembers(context, { count: objectives.length, backend }, (own, member) => {
    const objective = objectives[member] as AlignmentObjective;
    const parameters = initialParameters(alignedLayout(projection, objective), own.rng('init'));
    starts.push(phiOf(parameters).slice());
    const alignment = { projection, objective, aligned: parameters, judged, validation: having(fold.val) };
    const model = modelOf(own, alignment);
    return Promise.resolve({
      parameters: model.parameters,
      train: () =>
        trainInStage(model, own, control, {
          ...{ ...training, backend },
          // Without a probe no model ranks the patients, so the only validation score is the alignment loss.
          monitor: config.align.monitor === 'valLoss' ? 'valLoss' : training.monitor,
        }),
    });
  });
  const { ranking } = judged.criterion;
  const scores = trained.map(({ history }) => bestDiscrimination(history, ranking)[ranking] ?? null);
  const chosen = scores.reduce<number>(
    (best, own, at) => ((own ?? -1) > (scores[best] ?? -1) ? at : best),
    0,
  );
  const { parameters, history } = trained[chosen] as TrainedMember;
  const phi = { before: starts[chosen] as Float32Array, after: phiOf(parameters) };
  const { files, leadingShare } = await exportLatents(projection, phi, fold);
  const layout = alignedLayout(projection, objectives[chosen] as AlignmentObjective);
  return {
    type: 'output',
    files: {
      [weightsFile]: writeSafetensors(namedParameters(layout, parameters)),
      ...files,
      ...(unit.alignment === 'signed' && {
        [candidatesFile]: {
          tried: signedCandidates(config.signed).map((own, at) => ({
            ...own,
            validation: scores[at] ?? null,
          })),
          chosen,
        } satisfies Candidates,
      }),
      [historyFile]: {
        ...history,
        warnings: [...history.warnings, ...alignmentWarnings(leadingShare, history)],
      },
    },
    metrics: {
      ...bestDiscrimination(history, ranking),
      bestEpoch: history.bestEpoch,
      leadingShare,
    },
  };
}

/**
 * The model to train: the alignment alone, or the alignment with a probe, according to `align.monitor`. The parameters
 * of the alignment come first in both models.
 */
function modelOf(
  { config: { align }, rng }: Pick<StageContext, 'config' | 'rng'>,
  alignment: Omit<ProbedTrainingOptions, 'probe' | 'head'>,
): Trainable {
  const { projection, objective, aligned, validation } = alignment;
  if (align.monitor === 'valLoss') return new ProjectionTraining(projection, objective, aligned, validation);
  const probe = probeOf(projection, alignment.judged.criterion);
  return new ProbedTraining({
    ...alignment,
    probe,
    head: initialParameters(probe.layout, rng('probe-init')),
  });
}
