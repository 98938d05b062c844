import type { TopLevelSpec } from 'vega-lite';
import { csvText } from '../../pipeline/core/csv.js';
import { chartColours, lineLegend, renderChart } from '../report/chart.js';
import type { Figure } from '../report/figure.js';
import type { Label } from '../stats/labels.js';
import { rocCurve } from '../stats/roc-curve.js';
import { tiedScores } from '../stats/tied-scores.js';
import type { CalibrationPoint, Validation } from './validation-data.js';

const share = (field: string, title: string) => ({
  field,
  type: 'quantitative' as const,
  scale: { domain: [0, 1] },
  axis: { title, values: [0, 0.2, 0.4, 0.6, 0.8, 1], format: '.1f' },
});

const diagonal = (x: object, y: object) => ({
  data: { values: [0, 1].map((both) => ({ predicted: both, observed: both })) },
  mark: {
    type: 'line' as const,
    color: 'currentColor',
    strokeWidth: 1,
    strokeDash: [4, 4],
    opacity: 0.6,
  },
  encoding: { x, y },
});

/**
 * Calibration chart: observed fractions in groups of patients with similar predictions, with 95 % intervals. Null if
 * there is no group.
 */
export async function calibrationFigure(
  points: readonly CalibrationPoint[],
  positive: string,
): Promise<Figure | null> {
  const values = points.filter(({ observed }) => observed !== null);
  if (values.length === 0) return null;
  const [x, y] = [
    share('predicted', 'Mean predicted probability'),
    share('observed', `Share of ${positive}`),
  ];
  const colour = chartColours.folds;
  const spec: TopLevelSpec = {
    title: { text: 'Calibration', subtitle: 'tenths of the patients by prediction, 95 % intervals' },
    width: 260,
    height: 260,
    layer: [
      diagonal(x, y),
      {
        data: { values },
        mark: { type: 'rule', color: colour, strokeWidth: 1.2 },
        encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' } },
      },
      {
        data: { values },
        mark: { type: 'line', color: colour, strokeWidth: 1.5 },
        encoding: { x, y },
      },
      {
        data: { values },
        mark: { type: 'point', filled: true, opacity: 1, size: 48, color: colour },
        encoding: { x, y },
      },
    ],
  };
  return {
    name: 'calibration',
    svg: await renderChart(spec, `Calibration: predicted against observed share of ${positive}`),
    csv: '',
  };
}

/** ROC curve. Null if all patients have one outcome. */
export async function validationRocFigure(
  labels: readonly Label[],
  probabilities: readonly number[],
  subtitle: string,
): Promise<Figure | null> {
  const points = rocCurve(labels, tiedScores(probabilities, 'probability'));
  if (points === null) return null;
  const [x, y] = [
    share('predicted', 'False positive rate (1 − specificity)'),
    share('observed', 'True positive rate (sensitivity)'),
  ];
  const spec: TopLevelSpec = {
    title: { text: 'ROC curve', subtitle },
    width: 260,
    height: 260,
    layer: [
      diagonal(x, y),
      {
        data: {
          values: points.map(({ falsePositiveRate, truePositiveRate }, corner) => ({
            ...{ corner, predicted: falsePositiveRate, observed: truePositiveRate },
          })),
        },
        mark: { type: 'line', color: chartColours.emphasis, strokeWidth: 2, interpolate: 'linear' },
        encoding: { x, y, order: { field: 'corner', type: 'quantitative' } },
      },
    ],
  };
  return {
    name: 'roc',
    svg: await renderChart(spec, `ROC curve, ${subtitle}`),
    csv: csvText(
      ['false_positive_rate', 'true_positive_rate', 'threshold'],
      points.map(({ falsePositiveRate, truePositiveRate, threshold }) => [
        falsePositiveRate,
        truePositiveRate,
        threshold,
      ]),
    ),
  };
}

const strategies = { model: 'this model', treatAll: 'treat all', treatNone: 'treat none' } as const;

/** Net benefit of treating by the model, treating all patients, and treating none. Null if `decision` is empty. */
export async function decisionFigure(
  decision: Validation['decision'],
  about: string,
): Promise<Figure | null> {
  if (decision.length === 0) return null;
  const values = decision.flatMap((point) =>
    (Object.keys(strategies) as (keyof typeof strategies)[]).flatMap((key) =>
      point[key] === null
        ? []
        : [{ threshold: point.threshold, benefit: point[key], strategy: strategies[key] }],
    ),
  );
  const top = Math.max(0.01, ...values.map(({ benefit }) => benefit));
  const spec: TopLevelSpec = {
    title: { text: 'Decision curve', subtitle: about },
    width: 300,
    height: 260,
    data: { values },
    mark: { type: 'line', clip: true, strokeWidth: 1.8, interpolate: 'linear' },
    encoding: {
      x: { ...share('threshold', 'Threshold probability') },
      y: {
        field: 'benefit',
        type: 'quantitative',
        scale: { domain: [-0.25 * top, 1.05 * top] },
        axis: { title: 'Net benefit', format: '.2f' },
      },
      color: {
        field: 'strategy',
        type: 'nominal',
        scale: {
          domain: Object.values(strategies),
          range: [chartColours.emphasis, chartColours.folds, 'currentColor'],
        },
        legend: lineLegend,
      },
    },
  };
  return {
    name: 'decision-curve',
    svg: await renderChart(spec, `Decision curve: net benefit of this model, of treating all and none`),
    csv: '',
  };
}
