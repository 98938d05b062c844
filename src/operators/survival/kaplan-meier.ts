import type { FollowUp } from './follow-up.js';
import { notDefined, measured, type Measure } from './measure.js';
import { riskTable, type RiskTable } from './risk-table.js';
import type { StepFunction } from './step-function.js';

/** Kaplan-Meier estimate at each distinct time, with pointwise 95 % intervals. */
export interface KaplanMeier extends RiskTable {
  /** S(t), the estimated fraction without the event after t. */
  readonly survival: Float64Array;
  /**
   * Greenwood's sum of d / (n (n - d)), the variance of log S, with d events among n patients at risk. Infinite once S
   * is 0.
   */
  readonly variance: Float64Array;
  /** 95 % interval of S by the log-log transform. [1, 1] where S is 1, [0, 0] where S is 0. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** 97.5 % quantile of the standard normal distribution. */
export const normal975 = 1.959963984540054;

/** Products of 1 - d/n that should equal one half may differ from it by this rounding error. */
const rounding = 1e-12;

/** Kaplan-Meier estimate with Greenwood's variance (method.md 11.4). Empty lists without patients. */
export function kaplanMeier(followUp: FollowUp): KaplanMeier {
  const table = riskTable(followUp);
  let [share, sum] = [1, 0];
  const survival = table.times.map((_, at) => {
    const [n, d] = [table.atRisk[at] as number, table.events[at] as number];
    return (share *= (n - d) / n);
  });
  const variance = table.times.map((_, at) => {
    const [n, d] = [table.atRisk[at] as number, table.events[at] as number];
    return (sum += d === 0 ? 0 : d / (n * (n - d)));
  });
  const bound = (side: 1 | -1) => (s: number, at: number) =>
    s === 1 || s === 0 ? s : logLogBound(s, variance[at] as number, side);
  return { ...table, survival, variance, lower: survival.map(bound(-1)), upper: survival.map(bound(1)) };
}

/**
 * A bound of the 95 % interval: exp(-exp(log(-log S) +- 1.96 sqrt(V) / log S)), where V is the variance of log S. Plus
 * gives the upper bound, because log S is negative.
 */
const logLogBound = (survival: number, variance: number, side: 1 | -1): number => {
  const logSurvival = Math.log(survival);
  return Math.exp(-Math.exp(Math.log(-logSurvival) + (side * normal975 * Math.sqrt(variance)) / logSurvival));
};

/** S(t) as a function. Beyond the last time it is known only if the last patient had the event; use `survivalKnownAt` to check. */
export const survivalSteps = ({ times, survival }: KaplanMeier): StepFunction => ({
  times,
  values: survival,
  before: 1,
});

/** S(t) at a time. Undefined if there are no patients. Beyond the follow-up it is defined only if S has reached 0. */
export function survivalKnownAt({ times, survival }: KaplanMeier, days: number): Measure {
  if (times.length === 0) return notDefined('no patients');
  const last = times.length - 1;
  if (days > (times[last] as number) && (survival[last] as number) > 0)
    return notDefined(`${days} days is beyond the follow-up of ${times[last] as number} days`);
  let at = last;
  while (at >= 0 && (times[at] as number) > days) at--;
  return measured(at < 0 ? 1 : (survival[at] as number));
}

/** Median survival in days with its 95 % interval. Null means: not reached within the follow-up. */
export interface MedianSurvival {
  readonly days: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
}

/**
 * The first time with S <= 0.5, and Brookmeyer and Crowley's interval: the times whose 95 % interval contains 0.5, that
 * is, from the first time with the lower bound <= 0.5 to the first with the upper bound <= 0.5 (method.md 11.4).
 *
 * @param transform of the interval: `logLog` as for `lower` and `upper` (the default of lifelines), or `log` (the
 * default of R's survfit)
 */
export function medianSurvival(
  { times, survival, lower, upper, variance }: KaplanMeier,
  transform: 'logLog' | 'log' = 'logLog',
): MedianSurvival {
  const firstBelowHalf = (values: Float64Array): number | null => {
    const at = values.findIndex((value) => value <= 0.5 + rounding);
    return at < 0 ? null : (times[at] as number);
  };
  const logBound = (side: 1 | -1): Float64Array =>
    survival.map((s, at) =>
      s === 0 ? 0 : s * Math.exp(side * normal975 * Math.sqrt(variance[at] as number)),
    );
  return {
    days: firstBelowHalf(survival),
    lower: firstBelowHalf(transform === 'log' ? logBound(-1) : lower),
    upper: firstBelowHalf(transform === 'log' ? logBound(1) : upper),
  };
}
