import type { FollowUp } from './follow-up.js';
import { riskTable } from './risk-table.js';
import { valueAt, type StepFunction } from './step-function.js';

/** G(t) = P(C > t), the probability of being still observed, estimated on training patients. */
export interface Censoring {
  readonly steps: StepFunction;
  /** The largest training time in days. Beyond it the censoring distribution is unknown. */
  readonly lastTime: number;
}

/**
 * Kaplan-Meier estimate of the censoring time (method.md 11.4). At equal times events come before censorings: the risk
 * set of the censorings at s consists of the patients with T >= s, without those who have the event at s. Without
 * patients lastTime is 0, so G is unknown everywhere.
 */
export function censoringOf(training: FollowUp): Censoring {
  const { times, atRisk, events, censored } = riskTable(training);
  let share = 1;
  const values = times.map((_, at) => {
    const [n, c] = [(atRisk[at] as number) - (events[at] as number), censored[at] as number];
    return (share *= c === 0 ? 1 : (n - c) / n);
  });
  return { steps: { times, values, before: 1 }, lastTime: times.at(-1) ?? 0 };
}

/** G(t). Null if the weight 1/G(t) does not exist: beyond the largest training time, or if G is 0. */
export function observedChance({ steps, lastTime }: Censoring, days: number): number | null {
  if (days > lastTime) return null;
  const chance = valueAt(steps, days);
  return chance > 0 ? chance : null;
}
