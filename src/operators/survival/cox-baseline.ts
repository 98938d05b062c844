import { checkRisks } from './check-risks.js';
import { coxOrder, logAdd } from './cox.js';
import type { FollowUp } from './follow-up.js';
import { stepsUpTo } from './step-function.js';

/** Breslow's cumulative baseline hazard of training patients, a right-continuous step function. */
export interface CoxBaseline {
  /** Days of events, ascending. */
  readonly times: Float64Array;
  /** Logarithm of the cumulative baseline hazard H0 from each of `times` on. H0 is 0 before the first time. */
  readonly logHazard: Float64Array;
}

/**
 * H0(t) = sum over event times s <= t of deaths(s) / sum_{T_j >= s} exp(eta_j) (Breslow; method.md 11.3). It is 0 without events.
 *
 * @param eta linear predictors of the training patients
 * @throws RangeError if a linear predictor is not finite or the lengths differ
 */
export function coxBaseline(training: FollowUp, eta: ArrayLike<number>): CoxBaseline {
  checkRisks(eta, training.time.length);
  const { patients, groups } = coxOrder(training);
  let logRiskSum = -Infinity;
  const steps: { readonly days: number; readonly logStep: number }[] = [];
  for (const { from, to, deaths } of groups) {
    for (let at = from; at < to; at++) logRiskSum = logAdd(logRiskSum, eta[patients[at] as number] as number);
    if (deaths > 0)
      steps.push({
        days: training.time[patients[from] as number] as number,
        logStep: Math.log(deaths) - logRiskSum,
      });
  }
  steps.reverse();
  let cumulative = -Infinity;
  return {
    times: Float64Array.from(steps, ({ days }) => days),
    logHazard: Float64Array.from(steps, ({ logStep }) => (cumulative = logAdd(cumulative, logStep))),
  };
}

/** The cumulative baseline hazard H0 at a time. */
export function baselineHazardAt({ times, logHazard }: CoxBaseline, days: number): number {
  const steps = stepsUpTo(times, days);
  return steps === 0 ? 0 : Math.exp(logHazard[steps - 1] as number);
}

/** Survival S(t|x) = exp(-H0(t) e^eta) of one patient with the linear predictor eta, at given days. */
export const coxSurvivalAt = (
  { times, logHazard }: CoxBaseline,
  eta: number,
  days: ArrayLike<number>,
): Float64Array =>
  Float64Array.from(days, (when) => {
    const steps = stepsUpTo(times, when);
    return steps === 0 ? 1 : Math.exp(-Math.exp((logHazard[steps - 1] as number) + eta));
  });
