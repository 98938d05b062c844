import type { Config } from '../../pipeline/config/schema.js';
import { daysPer } from '../../pipeline/config/data-schema.js';
import { harrellC } from '../survival/concordance.js';
import { hazardBiases, hazardLoss, hazardTargets } from '../survival/discrete-hazards.js';
import { followUpAt, followUpOfPatients, type FollowUp } from '../survival/follow-up.js';
import { binCount, binsByEdges, binsByQuantiles, type HazardBins } from '../survival/hazard-bins.js';
import { hazardRisk } from '../survival/hazard-curve.js';
import { quantile } from '../stats/quantile.js';
import type { Criterion, JudgedCohort, SurvivalTarget, Target } from './criterion.js';

/**
 * Settings of the hazards: the time bins, when a censored patient counts as having survived the bin of the last
 * contact, and the validation metric that early stopping monitors.
 */
export type HazardSettings = Pick<Config['survival'], 'bins' | 'edges' | 'censorCredit' | 'monitor'>;

/**
 * Discrete-time hazards over bins of the training patients' event times (method.md 11.2): one logit per bin; the loss is the mean
 * negative log likelihood. Training starts at the hazards of the training patients.
 *
 * @param followUp times and events of the whole cohort
 * @param train positions of the fold's training patients
 * @throws HafError HAF_SPLIT_INVALID if no training patient has the event
 */
export function hazardCriterion(
  followUp: FollowUp,
  train: readonly number[],
  { bins: count, edges, censorCredit, monitor }: HazardSettings,
): JudgedCohort & { readonly bins: HazardBins } {
  const training = followUpAt(followUp, train);
  const bins =
    edges === null
      ? binsByQuantiles(training, count)
      : binsByEdges(
          training,
          edges.map((years) => years * daysPer.years),
        );
  const middle = medianEventTime(training);
  const targets = hazardTargets(followUp, bins, censorCredit).map((target, i): SurvivalTarget => ({
    ...target,
    time: followUp.time[i] as number,
    status: statusAt(followUp.time[i] as number, target.event, middle),
  }));
  const startBiases = Array.from(
    hazardBiases(
      train.map((i) => targets[i] as SurvivalTarget),
      bins,
    ),
  );
  return {
    bins,
    targets,
    criterion: {
      outputsOf: () => binCount(bins),
      judge: (rows, given) =>
        rows.map((row, i) => {
          const { loss, gradient } = hazardLoss(row, inTime(given[i] as Target));
          return { loss, gradient: Array.from(gradient) };
        }),
      perPatient: true,
      scoreOf: (row) => hazardRisk(row),
      discrimination: concordance,
      ranking: 'valC',
      monitor,
      classOf: (target) => inTime(target).status,
      balanced: false,
      startBiases,
      modelOf: () => ({
        model: { kind: 'hazards', innerEdges: [...bins.innerEdges], lastEdge: bins.lastEdge },
        unseen: startBiases,
      }),
    },
  };
}

/** Harrell's C. Null without a comparable pair, and for scores that are not finite (a diverging model). */
export const concordance: Criterion['discrimination'] = (targets, scores) => {
  if (!scores.every(Number.isFinite)) return null;
  return harrellC(followUpOfTargets(targets), scores).value;
};

/** Times and events of some patients. */
export const followUpOfTargets = (targets: readonly Target[]): FollowUp =>
  followUpOfPatients(targets.map(inTime));

function inTime(target: Target): SurvivalTarget {
  if (target !== 0 && target !== 1) return target;
  throw new Error('A loss of time-to-event was given a class');
}

/** Median of the training patients' event times, in days. */
const medianEventTime = ({ time, event }: FollowUp): number =>
  quantile(time.filter((_, i) => event[i] === 1).sort(), 0.5);

/** Whether the event had happened within `days`. Null if the last contact is within `days` and without the event. */
function statusAt(time: number, event: 0 | 1, days: number): 0 | 1 | null {
  if (time > days) return 0;
  return event === 1 ? 1 : null;
}
