import { eventCount, year, type FollowUp } from './follow-up.js';
import { kaplanMeier, medianSurvival, type KaplanMeier, type MedianSurvival } from './kaplan-meier.js';
import { numbersAtRisk } from './risk-table.js';

/** The data of one group of patients in a Kaplan-Meier figure. */
export interface CurveSummary {
  /** Name of the group, for example "low risk". */
  readonly name: string;
  readonly patients: number;
  readonly events: number;
  readonly curve: KaplanMeier;
  readonly median: MedianSurvival;
  /** Number of patients at risk at each of the figure's times. */
  readonly atRisk: readonly number[];
}

/** @param at days at which numbers at risk are shown */
export function summarizeCurve(name: string, followUp: FollowUp, at: readonly number[]): CurveSummary {
  const curve = kaplanMeier(followUp);
  return {
    name,
    patients: followUp.time.length,
    events: eventCount(followUp),
    curve,
    median: medianSurvival(curve),
    atRisk: numbersAtRisk(followUp, at),
  };
}

/** Possible distances between two neighbouring times of `curveTimes`, in years. */
const steps = [1 / 12, 0.25, 0.5, 1, 2, 5, 10];

/** Times at which a figure shows numbers at risk, in days: at most eight multiples of a step, from 0 on. */
export function curveTimes({ time }: FollowUp): readonly number[] {
  const years = time.reduce((last, days) => Math.max(last, days), 0) / year;
  const step = steps.find((one) => years / one < 8) ?? Math.ceil(years / 7);
  return Array.from({ length: Math.floor(years / step) + 1 }, (_, k) => k * step * year);
}
