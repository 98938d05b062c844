import type { Config } from '../../pipeline/config/schema.js';
import type { StageContext } from '../../pipeline/stage.js';
import { followUpOf } from '../survival/follow-up.js';
import { readFold, type FoldData } from '../tensor/fold-patients.js';
import type { StageTraining } from '../tensor/train-in-stage.js';
import { binaryCriterion } from './binary.js';
import { coxCriterion } from './cox.js';
import type { JudgedCohort, Target } from './criterion.js';
import { hazardCriterion } from './hazards.js';

/** The patients of a fold, and how what is trained on them is judged. */
export interface JudgedFold extends FoldData, JudgedCohort {
  /** What the user should know of the loss in this fold, for the history of the training. */
  readonly notes: readonly string[];
}

/**
 * Reads cohort and split of a training job whose unit names a fold.
 *
 * @param loss of time-to-event: hazards where bags or several stages learn, else what `survival.loss` says
 * @throws HafError HAF_SPLIT_INVALID as `readFold`, and when no training patient has the event
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

/** What the training loop needs to know of the criterion, to learn from such patients. */
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
  // A loss over risk sets is that of all patients only when they are in one group.
  wholeBatch: !criterion.perPatient,
});
