import type { TopLevelSpec } from 'vega-lite';
import { csvLine } from '../../pipeline/core/csv.js';
import { chartColours, renderChart } from './chart.js';
import type { Figure } from './figure.js';
import { counted } from '../../pipeline/core/wording.js';
import type { TrainingGroup } from './training-groups.js';

const panels = [
  { metric: 'valAuc', title: 'Validation AUC', direction: 'higher is better' },
  { metric: 'valLoss', title: 'Validation loss', direction: 'lower is better' },
] as const;
type Panel = (typeof panels)[number];
type PanelSpec = Extract<TopLevelSpec, { readonly vconcat: unknown }>['vconcat'][number];

interface CurvePoint {
  readonly fold: number;
  readonly epoch: number;
  readonly value: number;
  readonly kept: boolean;
}

/**
 * The training history: validation AUC and loss per epoch, one line per fold, and a dot at the epoch whose weights were
 * kept (method.md 7). A panel without a defined value is left out. Null if no panel is left.
 */
export async function trainingFigure(group: TrainingGroup): Promise<Figure | null> {
  const shown = panels
    .map((panel) => ({ panel, points: pointsOf(group, panel.metric) }))
    .filter(({ points }) => points.length > 0);
  if (shown.length === 0) return null;
  const spec: TopLevelSpec = {
    title: { text: group.title, subtitle: `${counted(group.folds.length, 'fold')}; dot: weights kept` },
    vconcat: shown.map(({ panel, points }, i) => panelSpec(panel, points, i === shown.length - 1)),
    spacing: 14,
  };
  const names = shown.map(({ panel }) => panel.title.toLowerCase()).join(' and ');
  return {
    name: `training-${group.name}`,
    svg: await renderChart(
      spec,
      `${group.title}: ${names} per epoch in ${counted(group.folds.length, 'fold')}`,
    ),
    csv: historyCsv(group),
  };
}

function pointsOf({ folds }: TrainingGroup, metric: Panel['metric']): CurvePoint[] {
  return folds.flatMap(({ fold, history }) =>
    history.epochs.flatMap((record, i): CurvePoint[] => {
      const value = record[metric];
      const epoch = record['epoch'] ?? i + 1;
      return value === null || value === undefined
        ? []
        : [{ fold, epoch, value, kept: epoch === history.bestEpoch }];
    }),
  );
}

function panelSpec({ title, direction }: Panel, values: readonly CurvePoint[], last: boolean): PanelSpec {
  return {
    width: 280,
    height: 120,
    data: { values: [...values] },
    encoding: {
      x: {
        field: 'epoch',
        type: 'quantitative',
        scale: { nice: false, zero: false },
        axis: { title: last ? 'Epoch' : null, tickMinStep: 1, format: 'd', tickCount: 6 },
      },
      y: {
        field: 'value',
        type: 'quantitative',
        scale: { zero: false },
        axis: { title: [title, `(${direction})`], tickCount: 5 },
      },
    },
    layer: [
      {
        mark: { type: 'line', color: chartColours.folds, strokeWidth: 1.2, opacity: 0.7 },
        encoding: { detail: { field: 'fold', type: 'nominal' } },
      },
      {
        transform: [{ filter: 'datum.kept' }],
        mark: { type: 'point', filled: true, color: chartColours.emphasis, size: 36, opacity: 1 },
      },
    ],
  };
}

/** The training history as CSV: one line per fold and epoch. If an epoch lacks a value, the cell is empty. */
function historyCsv({ folds }: TrainingGroup): string {
  const names = [
    ...new Set(folds.flatMap(({ history }) => history.epochs.flatMap((epoch) => Object.keys(epoch)))),
  ];
  const ordered = ['epoch', ...names.filter((name) => name !== 'epoch')];
  return [
    csvLine(['fold', ...ordered, 'kept']),
    ...folds.flatMap(({ fold, history }) =>
      history.epochs.map((record, i) => {
        const epoch = record['epoch'] ?? i + 1;
        const values = ordered.map((name) => (name === 'epoch' ? epoch : (record[name] ?? null)));
        return csvLine([fold, ...values, epoch === history.bestEpoch ? 1 : 0]);
      }),
    ),
  ].join('');
}
