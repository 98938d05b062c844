/** The paper's numbers are means over ten folds (method.md 1.4). */
const paperFolds = 10;

/** Mean and population standard deviation over the folds in which a metric is defined. */
interface Ours {
  readonly mean: number | null;
  readonly std: number | null;
  readonly folds: number;
}

/**
 * By how many standard errors this run's mean exceeds the paper's: (ours - paper) / sqrt(se_ours^2 + se_paper^2), with se = std /
 * sqrt(folds). Null if the paper gives no deviation, or no fold has a value.
 *
 * @param folds number of folds of one cross-validation. Repeats test the same patients again, so their folds do not
 * count
 */
export function standardErrorsFromPaper(
  { mean, std, folds: defined }: Ours,
  paper: readonly [number, number | null] | null,
  folds: number,
): number | null {
  if (mean === null || std === null || paper === null || paper[1] === null) return null;
  const error = Math.sqrt(std ** 2 / Math.min(defined, folds) + paper[1] ** 2 / paperFolds);
  return error === 0 ? null : (mean - paper[0]) / error;
}
