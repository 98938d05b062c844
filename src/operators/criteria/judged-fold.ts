import type { Config } from '../../pipeline/config/schema.js';
import type { StageContext } from '../../pipeline/stage.js';
import { followUpOf } from '../survival/follow-up.js';
import { readFold, type FoldData } from '../tensor/fold-patients.js';
import type { StageTraining } from '../tensor/train-in-stage.js';
import { binaryCriterion } from './binary.js';
import { coxCriterion } from './cox.js';
import type { JudgedCohort, Target } from './criterion.js';
import { hazardCriterion } from './hazards.js';

/** The patients of a fold, and how models trained on them are judged. */
export interface JudgedFold extends FoldData, JudgedCohort {
  /** Notes for the user about the loss in this fold. They are stored with the predictions of the fold. */
  readonly notes: readonly string[];
}

/**
 * Reads cohort and split of a training job whose unit names a fold.
 *
 * @param loss of time-to-event: hazards if bags or several stages are trained, else the value of `survival.loss`
 * @throws HafError HAF_SPLIT_INVALID like `readFold`, and if no training patient has the event
 */
export function readJudgedFold(
  context: StageContext,
  loss: Config['survival']['loss'] = 'hazards',
): JudgedFold {
  const data = readFold(context);
  const { config } = context;
  if (config.data.outcome.kind === 'binary')
    return { ...data, criterion: binaryCriterion, targets: data.labels, notes: [] };
  const { patients } = data.cohort;
  const followUp = followUpOf(
    patients.map(({ followUpDays }) => followUpDays ?? NaN),
    data.labels,
  );
  const { bins, ...judged } = hazardCriterion(followUp, data.fold.train, config.survival);
  if (loss === 'hazards') return { ...data, ...judged, notes: bins.notes };
  const { ties, monitor } = config.survival;
  return { ...data, targets: judged.targets, criterion: coxCriterion(ties, monitor), notes: [] };
}

/**
 * The settings of the training loop that depend on the loss and on the quantity of early stopping (the criterion):
 * early stopping, patients and classes to draw, size of a step.
 */
export const trainingOn = (
  { criterion, targets }: JudgedCohort,
  patients: readonly number[],
): Pick<StageTraining, 'monitor' | 'ranking' | 'patients' | 'classes' | 'wholeBatch'> => ({
  patients,
  monitor: criterion.monitor,
  ranking: criterion.ranking,
  classes: criterion.balanced
    ? patients.map((patient) => criterion.classOf(targets[patient] as Target) as 0 | 1)
    : null,
  // A loss over risk sets compares all training patients with each other, so they must be in one step.
  wholeBatch: !criterion.perPatient,
});
