import type { FollowUp } from './follow-up.js';
import { stepsUpTo } from './step-function.js';

/** Patients at risk, events and censored patients at each distinct time of a group. The lists have equal length. */
export interface RiskTable {
  /** Days, strictly ascending. */
  readonly times: Float64Array;
  /** Number of patients with this time or a later one. */
  readonly atRisk: Int32Array;
  readonly events: Int32Array;
  readonly censored: Int32Array;
}

/** Counts the patients at risk, the events and the censored patients at each distinct time. Empty without patients. */
export function riskTable({ time, event }: FollowUp): RiskTable {
  const times = Float64Array.from(new Set(time)).sort();
  const events = new Int32Array(times.length);
  const censored = new Int32Array(times.length);
  for (let i = 0; i < time.length; i++) {
    const at = stepsUpTo(times, time[i] as number) - 1;
    const counts = event[i] === 1 ? events : censored;
    counts[at] = (counts[at] as number) + 1;
  }
  const atRisk = new Int32Array(times.length);
  for (let at = times.length - 1, left = 0; at >= 0; at--)
    atRisk[at] = left += (events[at] as number) + (censored[at] as number);
  return { times, atRisk, events, censored };
}

/** Number of patients still observed at each given time (T >= t), for the table below a Kaplan-Meier figure. */
export function numbersAtRisk({ time }: FollowUp, at: readonly number[]): readonly number[] {
  return at.map((days) => time.reduce((count, own) => count + (own >= days ? 1 : 0), 0));
}
