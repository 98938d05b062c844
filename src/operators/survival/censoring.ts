import type { FollowUp } from './follow-up.js';
import { riskTable } from './risk-table.js';
import { valueAt, type StepFunction } from './step-function.js';

/** G(t) = P(C > t), the chance to be still observed, estimated on training patients. */
export interface Censoring {
  readonly steps: StepFunction;
  /** Days: the largest training time. Beyond it nothing is known of censoring. */
  readonly lastTime: number;
}

/**
 * Kaplan and Meier's estimate of the censoring time (method.md 11.4). Events come before censorings at one time: the risk set of the
 * censorings at s is the patients with T >= s without the events at s. Without patients lastTime is 0: G is known nowhere.
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

/** G(t), or null where a weight 1/G(t) does not exist: beyond the largest training time, or where G is 0. */
export function observedChance({ steps, lastTime }: Censoring, days: number): number | null {
  if (days > lastTime) return null;
  const chance = valueAt(steps, days);
  return chance > 0 ? chance : null;
}
