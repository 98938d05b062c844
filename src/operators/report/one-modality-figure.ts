import type { TopLevelSpec } from 'vega-lite';
import { csvLine } from '../../pipeline/core/csv.js';
import type { RowRobustness, SummaryRow } from '../evaluation/summary-data.js';
import { chartColours, renderChart } from './chart.js';
import type { Figure } from './figure.js';
import type { ReportInput } from './report-input.js';
import { rowHeight } from './row-height.js';

type Panel = Extract<TopLevelSpec, { readonly hconcat: unknown }>['hconcat'][number];
const panels = [
  { hidden: 'withoutOne', title: 'All but this modality' },
  { hidden: 'onlyOne', title: 'This modality alone' },
] as const;

/** The importance of each modality for a trained method: test AUC without it, and with it alone (method.md 9.2). */
export async function oneModalityFigure(
  row: SummaryRow,
  robustness: RowRobustness,
  titles: ReportInput['titles'],
): Promise<Figure> {
  const spec: TopLevelSpec = {
    title: {
      text: row.title,
      subtitle: 'mean over folds, line: ± standard deviation; dashed: all modalities',
    },
    hconcat: panels.map((panel) => panelSpec(panel, row, robustness, titles)),
    spacing: 28,
    resolve: { scale: { x: 'shared' } },
  };
  return {
    name: `modalities-${row.method}`,
    wide: true,
    svg: await renderChart(
      spec,
      `Test AUC of ${row.title} without each modality and with each modality alone`,
    ),
    csv: [
      csvLine([
        'method',
        'hidden',
        'modality',
        'auc_mean',
        'auc_std',
        'accuracy_mean',
        'accuracy_std',
        'folds',
      ]),
      ...panels.flatMap(({ hidden }) =>
        robustness[hidden].map(({ modality, auc, accuracy }) =>
          csvLine([
            row.method,
            hidden === 'withoutOne' ? 'this' : 'all others',
            modality,
            auc.mean,
            auc.std,
            accuracy.mean,
            accuracy.std,
            auc.folds,
          ]),
        ),
      ),
    ].join(''),
  };
}

function panelSpec(
  { hidden, title }: (typeof panels)[number],
  row: SummaryRow,
  robustness: RowRobustness,
  titles: ReportInput['titles'],
): Panel {
  const nameOf = (id: string): string => titles[id] ?? id;
  const values = robustness[hidden].flatMap(({ modality, auc: { mean, std } }) =>
    mean === null || std === null
      ? []
      : [{ modality: nameOf(modality), mean, low: mean - std, high: mean + std }],
  );
  const y = {
    field: 'modality',
    type: 'nominal' as const,
    sort: robustness[hidden].map(({ modality }) => nameOf(modality)),
    axis: { title: null },
  };
  const x = (field: string) => ({
    field,
    type: 'quantitative' as const,
    scale: { zero: false },
    axis: { title: `${title}: test AUC`, tickCount: 6 },
  });
  return {
    width: 330,
    height: { step: rowHeight(robustness[hidden].length) + 2 },
    layer: [
      ...(row.auc.mean === null
        ? []
        : [
            {
              data: { values: [{ all: row.auc.mean }] },
              mark: { type: 'rule' as const, strokeDash: [5, 4], color: chartColours.emphasis },
              encoding: { x: x('all') },
            },
          ]),
      {
        data: { values },
        mark: { type: 'rule', color: chartColours.folds, strokeWidth: 2 },
        encoding: { y, x: x('low'), x2: { field: 'high' } },
      },
      {
        data: { values },
        mark: { type: 'point', filled: true, size: 70, opacity: 1, color: chartColours.folds },
        encoding: { y, x: x('mean') },
      },
    ],
  };
}
