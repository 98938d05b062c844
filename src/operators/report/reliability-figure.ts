import type { TopLevelSpec } from 'vega-lite';
import { csvLine } from '../../pipeline/core/csv.js';
import type { OutcomeWords } from '../cohort/cohort-data.js';
import type { SummaryRow } from '../evaluation/summary-data.js';
import { chartColours, renderChart } from './chart.js';
import type { Figure } from './figure.js';
import { threeDigits } from './number-text.js';

/**
 * Reliability diagram of the pooled test predictions: the fraction of positive patients in each of ten bins of the predicted
 * probability (method.md 9.1). Null without predictions.
 */
export async function reliabilityFigure(
  { method, title, calibration }: SummaryRow,
  { positive }: OutcomeWords,
): Promise<Figure | null> {
  const { bins, ece } = calibration;
  if (bins.length === 0) return null;
  const subtitle = `expected calibration error ${threeDigits(ece)}`;
  return {
    name: `reliability-${method}`,
    svg: await renderChart(
      reliabilitySpec(title, subtitle, bins, positive),
      `Reliability diagram of ${title}, ${subtitle}`,
    ),
    csv: [
      csvLine(['method', 'from', 'to', 'patients', 'predicted', 'observed']),
      ...bins.map(({ from, to, patients, predicted, observed }) =>
        csvLine([method, from, to, patients, predicted, observed]),
      ),
    ].join(''),
  };
}

function reliabilitySpec(
  title: string,
  subtitle: string,
  bins: SummaryRow['calibration']['bins'],
  positive: string,
): TopLevelSpec {
  const share = (field: string, of: string) => ({
    field,
    type: 'quantitative' as const,
    scale: { domain: [0, 1] },
    axis: { title: of, values: [0, 0.2, 0.4, 0.6, 0.8, 1], format: '.1f' },
  });
  const x = share('predicted', 'Mean predicted probability');
  const y = share('observed', `Share of ${positive}`);
  return {
    title: { text: title, subtitle },
    width: 240,
    height: 240,
    layer: [
      {
        data: { values: [0, 1].map((both) => ({ predicted: both, observed: both })) },
        mark: { type: 'line', color: 'currentColor', strokeWidth: 1, strokeDash: [4, 4], opacity: 0.6 },
        encoding: { x, y },
      },
      {
        data: { values: [...bins] },
        mark: { type: 'line', color: chartColours.folds, strokeWidth: 1.5 },
        encoding: { x, y },
      },
      {
        data: { values: [...bins] },
        mark: { type: 'point', filled: true, opacity: 1, color: chartColours.folds },
        encoding: {
          x,
          y,
          size: {
            field: 'patients',
            type: 'quantitative',
            scale: { domainMin: 0, range: [12, 240] },
            legend: { title: 'patients', orient: 'bottom', tickCount: 3, format: 'd' },
          },
        },
      },
    ],
  };
}
