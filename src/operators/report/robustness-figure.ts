import type { TopLevelSpec } from 'vega-lite';
import { csvLine } from '../../pipeline/core/csv.js';
import type { RowRobustness, SummaryRow } from '../evaluation/summary-data.js';
import { spreadOf } from '../evaluation/spread-of.js';
import { chartColours, renderChart } from './chart.js';
import type { Figure } from './figure.js';

type Panel = Extract<TopLevelSpec, { readonly hconcat: unknown }>['hconcat'][number];
const metrics = [
  { metric: 'auc', title: '(a) Test AUC', chance: 0.5 },
  { metric: 'accuracy', title: '(b) Test accuracy', chance: null },
] as const;

/**
 * Test AUC and accuracy of a method when each observed modality of the test patients is hidden with probability rho.
 * For each rho: a box over folds with its median, the dashed mean, and a dotted line at the value that random scores
 * reach (method.md 9.2).
 */
export async function robustnessFigure(row: SummaryRow, robustness: RowRobustness): Promise<Figure> {
  const spec: TopLevelSpec = {
    title: {
      text: row.title,
      subtitle: 'box: folds, without outliers; dashed: mean, with them; dotted: AUC of chance',
    },
    hconcat: metrics.map((metric) => panel(metric, robustness)),
    spacing: 28,
  };
  const folds = robustness.auc[0]?.length ?? 0;
  return {
    name: `robustness-${row.method}`,
    wide: true,
    svg: await renderChart(
      spec,
      `Test AUC and accuracy of ${row.title} in ${folds} folds while modalities vanish with probability 0 to 1`,
    ),
    csv: [
      csvLine(['method', 'rho', 'fold', 'auc', 'accuracy']),
      ...robustness.rho.flatMap((rho, i) =>
        (robustness.auc[i] ?? []).map((auc, fold) =>
          csvLine([row.method, rho, fold, auc, robustness.accuracy[i]?.[fold] ?? null]),
        ),
      ),
    ].join(''),
  };
}

function panel({ metric, title, chance }: (typeof metrics)[number], robustness: RowRobustness): Panel {
  const boxes = robustness.rho.flatMap((rho, i) =>
    (robustness[metric][i] ?? []).flatMap((value) => (value === null ? [] : [{ rho, value }])),
  );
  const means = robustness.rho.flatMap((rho, i) => {
    const { mean } = spreadOf(robustness[metric][i] ?? []);
    return mean === null ? [] : [{ rho, value: mean }];
  });
  const x = {
    field: 'rho',
    type: 'ordinal' as const,
    axis: { title: 'Probability ρ of losing a modality', labelAngle: 0, format: '.1f' },
  };
  const y = {
    field: 'value',
    type: 'quantitative' as const,
    scale: { domain: [0.2, 1] },
    axis: { title, values: [0.2, 0.4, 0.6, 0.8, 1] },
  };
  return {
    width: 380,
    height: 240,
    layer: [
      ...(chance === null
        ? []
        : [
            {
              data: { values: [{ value: chance }] },
              mark: { type: 'rule' as const, strokeDash: [1, 3], color: 'currentColor' },
              encoding: { y },
            },
          ]),
      {
        data: { values: boxes },
        mark: {
          type: 'boxplot',
          extent: 1.5,
          outliers: false,
          size: 16,
          box: { fill: chartColours.folds, fillOpacity: 0.35, stroke: chartColours.folds },
          median: { color: 'currentColor', thickness: 2 },
          rule: { color: chartColours.folds },
          ticks: { color: chartColours.folds, size: 10 },
        },
        encoding: {
          x,
          y,
        },
      },
      {
        data: { values: means },
        mark: { type: 'line', strokeDash: [5, 4], color: chartColours.emphasis, strokeWidth: 2 },
        encoding: { x, y },
      },
    ],
  };
}
