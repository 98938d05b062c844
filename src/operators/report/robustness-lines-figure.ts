import type { TopLevelSpec } from 'vega-lite';
import { csvLine } from '../../pipeline/core/csv.js';
import { spreadOf } from '../evaluation/spread-of.js';
import type { SummaryRow } from '../evaluation/summary-data.js';
import { renderChart } from './chart.js';
import type { Figure } from './figure.js';
import { methodLineStyles } from './method-line-styles.js';

/**
 * Mean test AUC of all methods when modalities are hidden. For time-to-event, the concordance index C replaces the AUC.
 * The reference method is drawn bold. Null for fewer than two methods.
 */
export async function robustnessLinesFigure(
  rows: readonly SummaryRow[],
  reference: string,
): Promise<Figure | null> {
  const inTime = rows.some(({ survival }) => survival !== undefined);
  const metric = inTime ? 'C' : 'AUC';
  const shown = rows.flatMap((row) => (row.robustness === null ? [] : [{ row, robustness: row.robustness }]));
  if (shown.length < 2) return null;
  const points = shown.flatMap(({ row, robustness }) =>
    robustness.rho.map((rho, i) => ({
      method: row.title,
      rho,
      auc: spreadOf((inTime ? row.survival?.robustness?.[i] : robustness.auc[i]) ?? []),
      accuracy: spreadOf(robustness.accuracy[i] ?? []),
    })),
  );
  const titles = shown.map(({ row }) => row.title);
  const bold = shown.find(({ row }) => row.method === reference)?.row.title;
  return {
    name: 'robustness-methods',
    wide: true,
    svg: await renderChart(
      spec(
        points.flatMap(({ method, rho, auc }) =>
          auc.mean === null ? [] : [{ method, rho, value: auc.mean }],
        ),
        titles,
        bold,
        metric,
      ),
      `Mean test ${metric} of ${titles.join(', ')} while modalities vanish with probability 0 to 1`,
    ),
    csv: [
      csvLine([
        ...['method', 'rho', `${metric.toLowerCase()}_mean`, `${metric.toLowerCase()}_std`],
        ...(inTime ? [] : ['accuracy_mean', 'accuracy_std']),
        'folds',
      ]),
      ...points.map(({ method, rho, auc, accuracy }) =>
        csvLine([
          ...[method, rho, auc.mean, auc.std],
          ...(inTime ? [] : [accuracy.mean, accuracy.std]),
          auc.folds,
        ]),
      ),
    ].join(''),
  };
}

function spec(
  values: { readonly method: string; readonly rho: number; readonly value: number }[],
  titles: readonly string[],
  bold: string | undefined,
  metric: string,
): TopLevelSpec {
  const styles = methodLineStyles(titles, bold);
  const domain = [...styles.domain];
  return {
    title: { text: 'All methods', subtitle: 'mean over folds' },
    width: 560,
    height: 320,
    data: { values },
    mark: { type: 'line', opacity: 0.9 },
    encoding: {
      x: {
        field: 'rho',
        type: 'quantitative',
        axis: { title: 'Probability ρ of losing a modality', format: '.1f', tickCount: 11 },
      },
      y: { field: 'value', type: 'quantitative', scale: { zero: false }, axis: { title: `Test ${metric}` } },
      color: {
        field: 'method',
        type: 'nominal',
        scale: { domain, range: [...styles.colours] },
        legend: {
          title: null,
          symbolType: 'stroke',
          symbolStrokeWidth: 2.5,
          symbolSize: 300,
        },
      },
      strokeDash: {
        field: 'method',
        type: 'nominal',
        scale: { domain, range: styles.dashes.map((dash) => [...dash]) },
        legend: { title: null },
      },
      strokeWidth: {
        condition: { test: `datum.method === ${JSON.stringify(bold ?? '')}`, value: 3.5 },
        value: 1.5,
      },
    },
  };
}
