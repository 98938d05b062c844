import type { TopLevelSpec } from 'vega-lite';
import { csvLine } from '../../pipeline/core/csv.js';
import { poolTestScores, type Testing } from '../evaluation/pooled.js';
import type { SummaryRow } from '../evaluation/summary-data.js';
import { rocCurve, type RocPoint } from '../stats/roc-curve.js';
import { tiedScores } from '../stats/tied-scores.js';
import { chartColours, lineLegend, renderChart } from './chart.js';
import type { Figure } from './figure.js';
import { interval, threeDigits } from './number-text.js';
import type { MethodFoldPredictions } from './report-input.js';

/** One curve of the chart. `fold` is null for the pooled curve. */
interface Curve {
  readonly fold: number | null;
  readonly points: readonly RocPoint[];
}

const series = { fold: 'one fold', pooled: 'all folds pooled', chance: 'chance' } as const;

/**
 * ROC curves of the test patients of one method: one thin line per fold, one bold line over all folds (method.md 9.1). Null if no
 * curve is defined.
 */
export async function rocFigure(
  row: SummaryRow,
  predictions: readonly MethodFoldPredictions[],
  testing: Testing,
): Promise<Figure | null> {
  const curves = curvesOf(row.method, predictions, testing);
  if (curves.length === 0) return null;
  const { value, ci95 } = row.pooledAuc;
  const subtitle = `pooled AUC ${threeDigits(value)}${ci95 === null ? '' : ` ${interval(ci95)}`}`;
  const description = `ROC curves of ${row.title}: ${curves.length - 1} folds and all folds pooled, ${subtitle}`;
  return {
    name: `roc-${row.method}`,
    svg: await renderChart(rocSpec(row.title, subtitle, curves), description),
    csv: [
      csvLine(['method', 'fold', 'false_positive_rate', 'true_positive_rate', 'threshold']),
      ...curves.flatMap(({ fold, points }) =>
        points.map((point) =>
          csvLine([
            row.method,
            fold ?? 'pooled',
            point.falsePositiveRate,
            point.truePositiveRate,
            point.threshold,
          ]),
        ),
      ),
    ].join(''),
  };
}

function curvesOf(method: string, predictions: readonly MethodFoldPredictions[], testing: Testing): Curve[] {
  const pooled = poolTestScores(method, predictions, testing);
  const candidates = [
    ...predictions.map(({ fold, predictions: all }) => {
      const test = all.filter(({ split }) => split === 'test');
      const labels = test.map(({ y }) => y);
      return {
        fold,
        points: rocCurve(labels, tiedScores(test.map(({ logit }) => logit))),
      };
    }),
    { fold: null, points: rocCurve(pooled.labels, pooled.scores) },
  ];
  return candidates.flatMap(({ fold, points }) => (points === null ? [] : [{ fold, points }]));
}

/** The specification of the chart: layers that share the axes and the legend. */
function rocSpec(title: string, subtitle: string, curves: readonly Curve[]): TopLevelSpec {
  const rows = (points: readonly RocPoint[], curve: string) =>
    points.map(({ falsePositiveRate, truePositiveRate }, corner) => ({
      curve,
      corner,
      falsePositiveRate,
      truePositiveRate,
    }));
  const folds = curves.filter(({ fold }) => fold !== null);
  const pooled = curves.filter(({ fold }) => fold === null);
  const layer = (
    values: ReturnType<typeof rows>,
    name: string,
    line: { strokeWidth: number; opacity: number; strokeDash?: number[] },
  ) => ({
    data: { values },
    mark: { type: 'line' as const, interpolate: 'linear' as const, strokeJoin: 'round' as const, ...line },
    encoding: { detail: { field: 'curve', type: 'nominal' as const }, color: { datum: name } },
  });
  return {
    title: { text: title, subtitle },
    width: 260,
    height: 260,
    encoding: {
      x: rate('falsePositiveRate', 'False positive rate (1 − specificity)'),
      y: rate('truePositiveRate', 'True positive rate (sensitivity)'),
      order: { field: 'corner', type: 'quantitative' },
      color: {
        type: 'nominal',
        scale: {
          domain: Object.values(series),
          range: [chartColours.folds, chartColours.emphasis, 'currentColor'],
        },
        legend: lineLegend,
      },
    },
    layer: [
      layer(rows(diagonal, 'chance'), series.chance, { strokeWidth: 1, opacity: 0.6, strokeDash: [4, 4] }),
      layer(
        folds.flatMap(({ fold, points }) => rows(points, String(fold))),
        series.fold,
        { strokeWidth: 1.2, opacity: 0.55 },
      ),
      layer(
        pooled.flatMap(({ points }) => rows(points, 'pooled')),
        series.pooled,
        { strokeWidth: 2.6, opacity: 1 },
      ),
    ],
  };
}

const diagonal: readonly RocPoint[] = [0, 1].map((share) => ({
  falsePositiveRate: share,
  truePositiveRate: share,
  threshold: null,
}));

const rate = (field: keyof RocPoint, title: string) => ({
  field,
  type: 'quantitative' as const,
  scale: { domain: [0, 1] },
  axis: { title, values: [0, 0.2, 0.4, 0.6, 0.8, 1], format: '.1f' },
});
