import type { TopLevelSpec } from 'vega-lite';
import { csvLine } from '../../pipeline/core/csv.js';
import { year } from '../survival/follow-up.js';
import { renderChart } from './chart.js';
import type { Figure } from './figure.js';
import { methodLineStyles } from './method-line-styles.js';

/** How well a method ranks the patients by their risk up to a horizon: the concordance index C over the folds. */
export interface HorizonPoint {
  /** Title of the method. */
  readonly method: string;
  /** In days. */
  readonly horizon: number;
  /** Mean of the concordance index C over the folds in which C is defined. Null if C is defined in no fold. */
  readonly mean: number | null;
  readonly std: number | null;
  /** Number of folds in which C is defined. */
  readonly folds: number;
}

/**
 * Mean concordance index C of the events up to each horizon, one line per method (method.md 11.5). Null if fewer than
 * two horizons are defined.
 *
 * @param points methods in the order of the rows, horizons ascending
 * @param reference title of the method that is drawn bold
 * @param metric title of the y axis, for example "Uno's C"
 */
export async function concordanceHorizonsFigure(
  points: readonly HorizonPoint[],
  reference: string,
  metric: string,
): Promise<Figure | null> {
  const defined = points.filter(({ mean }) => mean !== null);
  const titles = [...new Set(defined.map(({ method }) => method))];
  const horizons = [...new Set(defined.map(({ horizon }) => horizon))].sort((a, b) => a - b);
  if (horizons.length < 2) return null;
  const bold = titles.find((title) => title === reference);
  return {
    name: 'concordance-horizons',
    wide: true,
    svg: await renderChart(
      spec(defined, titles, bold, horizons, metric),
      `Mean ${metric} of ${titles.join(', ')} for events up to ${horizons.length} horizons`,
    ),
    csv: [
      csvLine(['method', 'horizon_days', 'mean', 'std', 'folds']),
      ...points.map(({ method, horizon, mean, std, folds }) => csvLine([method, horizon, mean, std, folds])),
    ].join(''),
  };
}

function spec(
  points: readonly HorizonPoint[],
  titles: readonly string[],
  bold: string | undefined,
  horizons: readonly number[],
  metric: string,
): TopLevelSpec {
  const styles = methodLineStyles(titles, bold);
  const isBold = `datum.method === ${JSON.stringify(bold ?? '')}`;
  return {
    title: { text: 'Concordance up to a horizon', subtitle: 'mean over folds; a half is chance' },
    width: 560,
    height: 320,
    data: {
      values: points.map(({ method, horizon, mean }) => ({ method, years: horizon / year, value: mean })),
    },
    mark: { type: 'line', opacity: 0.9, point: { filled: true, size: 24 } },
    encoding: {
      x: {
        field: 'years',
        type: 'quantitative',
        scale: { zero: false },
        axis: { title: 'Horizon in years', values: horizons.map((days) => days / year), format: '~g' },
      },
      y: { field: 'value', type: 'quantitative', scale: { zero: false }, axis: { title: metric } },
      color: {
        field: 'method',
        type: 'nominal',
        scale: { domain: [...styles.domain], range: [...styles.colours] },
        legend: { title: null, symbolType: 'stroke', symbolStrokeWidth: 2.5, symbolSize: 300 },
      },
      strokeDash: {
        field: 'method',
        type: 'nominal',
        scale: { domain: [...styles.domain], range: styles.dashes.map((dash) => [...dash]) },
        legend: { title: null },
      },
      strokeWidth: { condition: { test: isBold, value: 3.5 }, value: 1.5 },
    },
  };
}
