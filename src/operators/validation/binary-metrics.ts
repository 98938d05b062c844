import { aucInterval95 } from '../stats/auc-interval.js';
import { auc } from '../stats/auc.js';
import { classify } from '../stats/classification.js';
import { estimated, notEstimated, waldInterval, withoutInterval, type Estimate } from '../stats/estimate.js';
import type { Label } from '../stats/labels.js';
import { recalibrationOf } from '../stats/logistic-recalibration.js';
import { proportion } from '../stats/proportion.js';
import { reliabilityOf } from '../stats/reliability.js';
import { covariance, mean } from '../stats/spread.js';
import { tiedScores } from '../stats/tied-scores.js';
import type { Internal } from './internal-figures.js';
import { metricOf, type Metric } from './metric.js';

/** The names of the two outcomes, for texts that say why a measure is undefined. */
export interface OutcomeNames {
  readonly positive: string;
  readonly negative: string;
}

/** Before the logit is computed, probabilities are moved at least this far from 0 and 1. */
const leastChance = 1e-6;

export const oneClassReason = (labels: readonly Label[], { positive, negative }: OutcomeNames): string =>
  `all ${labels.length} patients are "${labels[0] === 1 ? positive : negative}"`;

/** AUC with DeLong's interval. */
export function aucEstimate(
  labels: readonly Label[],
  probabilities: readonly number[],
  words: OutcomeNames,
): Estimate {
  const scores = tiedScores(probabilities, 'probability');
  const value = auc(labels, scores);
  if (value === null) return notEstimated(oneClassReason(labels, words));
  const ci95 = aucInterval95(labels, scores);
  return ci95 === null
    ? withoutInterval(value, 'an interval needs two patients of each outcome')
    : estimated(value, ci95);
}

/** Observed divided by expected number of events. The interval is computed on the logarithm (Debray et al. 2017). */
export function observedToExpected(labels: readonly Label[], probabilities: readonly number[]): Estimate {
  const observed = labels.filter((y) => y === 1).length;
  const expected = probabilities.reduce((sum, p) => sum + p, 0);
  if (expected === 0) return notEstimated('no event is predicted');
  const ratio = observed / expected;
  if (observed === 0) return withoutInterval(ratio, 'an interval needs an event');
  const [low, high] = waldInterval(Math.log(ratio), Math.sqrt((1 - observed / labels.length) / observed));
  return estimated(ratio, [Math.exp(low), Math.exp(high)]);
}

/**
 * All measures of a binary outcome.
 * @param threshold the median of the decision thresholds that the folds chose; null if they chose none
 */
export function binaryMetrics(
  labels: readonly Label[],
  probabilities: readonly number[],
  threshold: number | null,
  words: OutcomeNames,
  internal: Internal,
): { readonly metrics: readonly Metric[]; readonly notes: readonly string[] } {
  const oneClass = oneClassReason(labels, words);
  const inside = probabilities.map((p) => Math.min(1 - leastChance, Math.max(leastChance, p)));
  const moved = inside.filter((p, i) => p !== probabilities[i]).length;
  const logits = inside.map((p) => Math.log(p / (1 - p)));
  const { inTheLarge, slope, intercept } = recalibrationOf(labels, logits, oneClass);
  const squares = labels.map((y, i) => ((probabilities[i] as number) - y) ** 2);
  const brier = mean(squares);
  const share = mean(labels);
  const scaled =
    share === 0 || share === 1 ? notEstimated(oneClass) : withoutInterval(1 - brier / (share * (1 - share)));
  const ofBrier =
    squares.length < 2
      ? withoutInterval(brier, 'an interval needs two patients')
      : estimated(brier, waldInterval(brier, Math.sqrt(covariance(squares, squares) / squares.length)));
  return {
    metrics: [
      metricOf('auc', 'AUC', internal.of('auc'), aucEstimate(labels, probabilities, words)),
      metricOf('brier', 'Brier score', internal.of('brier'), ofBrier),
      metricOf('brier_scaled', 'Scaled Brier score', null, scaled),
      metricOf('calibration_in_the_large', 'Calibration-in-the-large', null, inTheLarge),
      metricOf('calibration_slope', 'Calibration slope', null, slope),
      metricOf('calibration_intercept', 'Calibration intercept beside the slope', null, intercept),
      metricOf(
        'observed_to_expected',
        'Observed / expected events',
        null,
        observedToExpected(labels, probabilities),
      ),
      metricOf(
        'ece',
        'Expected calibration error',
        internal.of('ece'),
        withoutInterval(reliabilityOf(labels, probabilities).ece as number),
      ),
      ...atThreshold(labels, probabilities, 0.5, '0.5', 'at_half', internal, words),
      ...(threshold === null
        ? []
        : atThreshold(
            ...([labels, probabilities, threshold] as const),
            ...([`the threshold of the bundle, ${threshold.toFixed(3)}`, 'at_threshold'] as const),
            ...([internal, words] as const),
          )),
    ],
    notes:
      moved === 0
        ? []
        : [
            `${moved} probabilities of 0 or 1 enter calibration-in-the-large and slope as ${leastChance} and 1 - ${leastChance}.`,
          ],
  };
}

function atThreshold(
  labels: readonly Label[],
  probabilities: readonly number[],
  threshold: number,
  where: string,
  id: 'at_half' | 'at_threshold',
  internal: Internal,
  { positive, negative }: OutcomeNames,
): readonly Metric[] {
  const called = probabilities.map((p) => p >= threshold);
  const count = (label: Label, call: boolean): number =>
    labels.filter((y, i) => y === label && called[i] === call).length;
  const [tp, fn, tn, fp] = [count(1, true), count(1, false), count(0, false), count(0, true)];
  const { balancedAccuracy } = classify(labels, probabilities, threshold);
  const none = `no patient is "${tp + fn === 0 ? positive : negative}"`;
  return [
    ['accuracy', 'Accuracy', proportion(tp + tn, labels.length, 'no patients')] as const,
    ['sensitivity', 'Sensitivity', proportion(tp, tp + fn, none)] as const,
    ['specificity', 'Specificity', proportion(tn, tn + fp, none)] as const,
    [
      'balanced_accuracy',
      'Balanced accuracy',
      balancedAccuracy === null ? notEstimated(none) : withoutInterval(balancedAccuracy),
    ] as const,
  ].map(([name, title, estimate]) =>
    metricOf(`${name}_${id}`, `${title} at ${where}`, internal.of(`${name}_${id}`), estimate),
  );
}
