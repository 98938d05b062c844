import type { Config } from '../../pipeline/config/schema.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { Rng } from '../../pipeline/core/rng.js';
import { auc } from '../stats/auc.js';
import { classify } from '../stats/classification.js';
import { adjustedFamily, allTogether, comparePaired, type PairedComparison } from './paired-comparison.js';
import { poolTestScores, type FoldPredictions, type PooledScores, type Testing } from './pooled.js';
import type { Comparison } from './summary-data.js';

/** The predictions of a run by one of its methods. */
export interface PredictedMethod {
  readonly run: string;
  readonly method: string;
  readonly folds: readonly FoldPredictions[];
  readonly testing: Testing;
}

/** One of the two methods of a comparison, with its metrics over the pooled test patients. */
export interface ComparedMethod {
  readonly run: string;
  readonly method: string;
  readonly auc: number | null;
  readonly accuracy: number | null;
}

export interface RunComparison
  extends Omit<PairedComparison, 'accuracy' | 'auc'>, Pick<Comparison, 'accuracy' | 'auc'> {
  readonly first: ComparedMethod;
  readonly second: ComparedMethod;
}

/**
 * Compares methods of two runs on the test patients of all folds together, first minus second (method.md 9.5). The
 * pairs are one family for Holm's adjustment.
 *
 * @param rng returns the random stream for the bootstrap of a pair; called once for each pair
 * @throws HafError HAF_SPLIT_INVALID if the methods of a pair were tested on different patients or outcomes
 */
export function compareRuns(
  pairs: readonly (readonly [PredictedMethod, PredictedMethod])[],
  settings: Pick<Config['stats'], 'mcnemar' | 'bootstrap'>,
  rng: (first: PredictedMethod, second: PredictedMethod) => Rng,
): readonly RunComparison[] {
  return adjustedFamily(
    pairs.map(([first, second]) => {
      const [a, b] = [pooledOf(first), pooledOf(second)];
      refuseOtherPatients([first, a], [second, b]);
      const paired = comparePaired(a, b, allTogether(a), settings, () => rng(first, second));
      return { first: side(first, a), second: side(second, b), ...paired };
    }),
  );
}

const pooledOf = ({ method, folds, testing }: PredictedMethod): PooledScores =>
  poolTestScores(method, folds, testing);

const side = ({ run, method }: PredictedMethod, scores: PooledScores): ComparedMethod => ({
  ...{ run, method },
  auc: auc(scores.labels, scores.scores),
  accuracy: classify(scores.labels, scores.probabilities).accuracy,
});

type Tested = readonly [of: PredictedMethod, scores: PooledScores];

function refuseOtherPatients(first: Tested, second: Tested): void {
  const onlyIn = (one: Tested, other: Tested): readonly string[] => {
    const known = new Set(other[1].patients);
    return one[1].patients.filter((patient) => !known.has(patient));
  };
  const names = [first, second].map(([{ run, method }]) => `"${method}" of ${run}`);
  const [onlyFirst, onlySecond] = [onlyIn(first, second), onlyIn(second, first)];
  if (onlyFirst.length + onlySecond.length > 0)
    throw new HafError(
      'HAF_SPLIT_INVALID',
      [
        `${names.join(' and ')} were not tested on the same patients.`,
        ...[onlyFirst, onlySecond].map((only, i) => `tested only by ${names[i]}: ${listed(only)}`),
      ].join('\n'),
      'Compare finished runs over the same cohort, with the same rules of inclusion and the same test patients.',
      { context: { onlyFirst, onlySecond } },
    );
  const odd = first[1].patients.filter((_, i) => first[1].labels[i] !== second[1].labels[i]);
  if (odd.length > 0)
    throw new HafError(
      'HAF_SPLIT_INVALID',
      `${names.join(' and ')} have different outcomes for the same patients.\ndifferent outcome: ${listed(odd)}`,
      'Compare runs with the same targets and the same cohort.label.',
      { context: { patients: odd } },
    );
  if (first[1].patients.length === 0)
    throw new HafError(
      'HAF_SPLIT_INVALID',
      `${names.join(' and ')} have no test patients.`,
      'Run the experiment again with "haf-pipeline up".',
    );
}

const listed = (patients: readonly string[]): string =>
  patients.length === 0
    ? 'nobody'
    : `${patients.length} (${patients.slice(0, 5).join(', ')}${patients.length > 5 ? ', ...' : ''})`;
