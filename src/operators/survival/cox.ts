import { checkRisks } from './check-risks.js';
import { eventCount, type FollowUp } from './follow-up.js';

/** How events at equal times are treated. */
export type CoxTies = 'breslow' | 'efron';

/** Negative log partial likelihood of linear predictors, and its derivatives. */
export interface CoxLoss {
  /** The sum over events, as statistics programs report it. */
  readonly negLogLik: number;
  /**
   * `negLogLik` divided by the number of events, as training reports it. Null without events, because there is nothing
   * to learn.
   */
  readonly perEvent: number | null;
  /** Gradient of `negLogLik` with respect to the linear predictor of each patient. */
  readonly gradient: Float64Array;
}

/** The patients with the same time, as a range of `CoxOrder.patients`. */
interface TimeGroup {
  readonly from: number;
  readonly to: number;
  readonly deaths: number;
}

/** Patients sorted by descending time. Computed once for many evaluations. */
export interface CoxOrder {
  readonly patients: Int32Array;
  readonly groups: readonly TimeGroup[];
  readonly followUp: FollowUp;
  readonly events: number;
}

export function coxOrder(followUp: FollowUp): CoxOrder {
  const { time, event } = followUp;
  const patients = Int32Array.from(time, (_, i) => i).sort(
    (a, b) => (time[b] as number) - (time[a] as number) || a - b,
  );
  const groups: TimeGroup[] = [];
  for (let from = 0, to = 0; from < patients.length; from = to) {
    let deaths = 0;
    const days = time[patients[from] as number];
    for (; to < patients.length && time[patients[to] as number] === days; to++)
      deaths += event[patients[to] as number] as number;
    groups.push({ from, to, deaths });
  }
  return { patients, groups, followUp, events: eventCount(followUp) };
}

/** log(e^a + e^b) without overflow. */
export const logAdd = (a: number, b: number): number => {
  const [high, low] = a > b ? [a, b] : [b, a];
  return low === -Infinity ? high : high + Math.log1p(Math.exp(low - high));
};

/**
 * Cox's partial likelihood with Breslow's or Efron's treatment of ties, in float64 (method.md 11.3). Sums over risk sets are stored
 * relative to their largest term, so linear predictors of any size do not overflow.
 *
 * @param eta linear predictor of each patient
 * @throws RangeError if a linear predictor is not finite or the lengths differ
 */
export function coxLoss(order: CoxOrder, eta: ArrayLike<number>, ties: CoxTies): CoxLoss {
  const { patients, groups, followUp, events } = order;
  checkRisks(eta, patients.length);
  let negLogLik = 0;
  /**
   * For each time with m events: the logarithm of the sum of 1/D and of the sum of (r/m)/D over its events r = 0, ...,
   * m - 1. D is the denominator of event r in the likelihood. The second sum is 0 for Breslow.
   */
  const logSums = new Float64Array(groups.length).fill(-Infinity);
  const logTied = new Float64Array(groups.length).fill(-Infinity);
  let [top, riskSum] = [-Infinity, 0];
  for (const [g, { from, to, deaths }] of groups.entries()) {
    let highest = top;
    for (let at = from; at < to; at++) highest = Math.max(highest, eta[patients[at] as number] as number);
    riskSum *= top === -Infinity ? 0 : Math.exp(top - highest);
    top = highest;
    let tiedSum = 0;
    for (let at = from; at < to; at++) {
      const i = patients[at] as number;
      const own = Math.exp((eta[i] as number) - top);
      riskSum += own;
      if (followUp.event[i] !== 1) continue;
      tiedSum += own;
      negLogLik -= eta[i] as number;
    }
    for (let r = 0; r < deaths; r++) {
      const share = ties === 'efron' ? r / deaths : 0;
      const logDenominator = top + Math.log(riskSum - share * tiedSum);
      negLogLik += logDenominator;
      logSums[g] = logAdd(logSums[g] as number, -logDenominator);
      if (share > 0) logTied[g] = logAdd(logTied[g] as number, Math.log(share) - logDenominator);
    }
  }
  const gradient = new Float64Array(patients.length);
  let cumulative = -Infinity;
  for (let g = groups.length - 1; g >= 0; g--) {
    const { from, to } = groups[g] as TimeGroup;
    cumulative = logAdd(cumulative, logSums[g] as number);
    for (let at = from; at < to; at++) {
      const i = patients[at] as number;
      const own = eta[i] as number;
      const died = followUp.event[i] === 1;
      gradient[i] = Math.exp(own + cumulative) - (died ? 1 + Math.exp(own + (logTied[g] as number)) : 0);
    }
  }
  return { negLogLik, perEvent: events === 0 ? null : negLogLik / events, gradient };
}
