import { decisionThresholds, netBenefit, type DecisionPoint } from '../stats/decision-curve.js';
import { followUpAt, type FollowUp } from './follow-up.js';
import { kaplanMeier, survivalKnownAt } from './kaplan-meier.js';

/**
 * Decision curve of the event by a horizon (Vickers et al. 2008): the fraction of events among the patients classified
 * as positive is 1 - Kaplan-Meier of these patients. Null if their follow-up ends before the horizon.
 *
 * @param chances predicted chance of the event by the horizon
 * @param horizon days
 */
export function survivalDecisionCurve(
  followUp: FollowUp,
  chances: readonly number[],
  horizon: number,
  thresholds: readonly number[] = decisionThresholds,
): readonly DecisionPoint[] {
  const patients = chances.length;
  if (patients === 0) return [];
  const benefit = (called: readonly number[], threshold: number): number | null => {
    if (called.length === 0) return 0;
    const { value } = survivalKnownAt(kaplanMeier(followUpAt(followUp, called)), horizon);
    if (value === null) return null;
    const share = called.length / patients;
    return netBenefit((1 - value) * share, value * share, threshold);
  };
  const everyone = [...chances.keys()];
  return thresholds.map((threshold) => ({
    threshold,
    model: benefit(
      everyone.filter((i) => (chances[i] as number) >= threshold),
      threshold,
    ),
    treatAll: benefit(everyone, threshold),
    treatNone: 0,
  }));
}
