import { counted } from '../../pipeline/core/wording.js';
import { observedChance, type Censoring } from './censoring.js';
import type { FollowUp } from './follow-up.js';
import { measured, notDefined, type Measure } from './measure.js';
import { PairCounter, type PairCounts } from './pair-counter.js';

/**
 * Comparable pairs of Harrell's C (1982). In a concordant pair the patient with the higher risk has the earlier event (method.md
 * 11.5).
 *
 * @throws RangeError if a risk is not finite or the lengths differ
 */
export const harrellPairs = (followUp: FollowUp, risks: ArrayLike<number>): PairCounts =>
  new PairCounter(followUp, risks).count();

/**
 * Sums of pair counts. C of several folds is computed from the pairs within each fold, because risks of different folds are never
 * compared.
 */
export const addPairs = (counts: readonly PairCounts[]): PairCounts =>
  counts.reduce(
    (sum, { concordant, discordant, tied }) => ({
      concordant: sum.concordant + concordant,
      discordant: sum.discordant + discordant,
      tied: sum.tied + tied,
    }),
    { concordant: 0, discordant: 0, tied: 0 },
  );

/** C = (concordant + tied / 2) / comparable. */
export function concordanceOf({ concordant, discordant, tied }: PairCounts): Measure {
  const comparable = concordant + discordant + tied;
  return comparable > 0
    ? measured((concordant + tied / 2) / comparable)
    : notDefined('no comparable pair: no event before the last time of another patient');
}

/** Harrell's C of one group of patients with comparable risks. */
export const harrellC = (followUp: FollowUp, risks: ArrayLike<number>): Measure =>
  concordanceOf(harrellPairs(followUp, risks));

/** Weighted pairs of Uno's C, and the number of events that had to be left out. */
export interface UnoPairs extends PairCounts {
  /**
   * Number of events before tau without a weight 1/G^2: events after the largest training time, and events where G is
   * 0. G is the Kaplan-Meier curve of the censoring times (method.md 11.5).
   */
  readonly withoutWeight: number;
}

/**
 * Comparable pairs of Uno's C (2011): those of Harrell's C with T_i < tau, weighted by G(T_i)^-2 (method.md 11.5). A patient observed
 * longer than all training patients can be the later patient of a pair.
 *
 * @param censoring of the training patients
 * @param tau days; null counts every event that has a weight
 * @throws RangeError if a risk is not finite or the lengths differ
 */
export function unoPairs(
  followUp: FollowUp,
  risks: ArrayLike<number>,
  censoring: Censoring,
  tau: number | null,
): UnoPairs {
  let withoutWeight = 0;
  const ofEvent = followUp.time.map((days, i) => {
    if (followUp.event[i] === 0 || (tau !== null && days >= tau)) return 0;
    const chance = observedChance(censoring, days);
    if (chance === null) withoutWeight++;
    return chance === null ? 0 : chance ** -2;
  });
  return { ...new PairCounter(followUp, risks).count({ ofEvent }), withoutWeight };
}

/** Uno's C of one group of patients. Undefined if no event with a weight has a comparable pair. */
export function unoC(
  followUp: FollowUp,
  risks: ArrayLike<number>,
  censoring: Censoring,
  tau: number | null,
): Measure {
  const pairs = unoPairs(followUp, risks, censoring, tau);
  const c = concordanceOf(pairs);
  if (c.value !== null) return c;
  const before = tau === null ? '' : ` before ${tau} days`;
  const without =
    pairs.withoutWeight === 0
      ? ''
      : `; ${counted(pairs.withoutWeight, 'event')} after the last time at which the censoring of the training patients is known`;
  return notDefined(`no comparable pair with an event${before}${without}`);
}
