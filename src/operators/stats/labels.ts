/** A patient's outcome: 1 positive (the event happened), 0 negative. */
export type Label = 0 | 1;

/** The scores of positive and negative patients, in their given order. */
export interface ScoresByClass {
  readonly positive: readonly number[];
  readonly negative: readonly number[];
}

/**
 * Splits scores by class.
 *
 * @throws RangeError if the lengths differ or a score is NaN, which has no rank.
 */
export function scoresByClass(labels: readonly Label[], scores: readonly number[]): ScoresByClass {
  if (labels.length !== scores.length)
    throw new RangeError(`${labels.length} labels but ${scores.length} scores`);
  if (scores.some(Number.isNaN)) throw new RangeError('a score is NaN');
  return {
    positive: scores.filter((_, i) => labels[i] === 1),
    negative: scores.filter((_, i) => labels[i] === 0),
  };
}
