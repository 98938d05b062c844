import type { TopLevelSpec } from 'vega-lite';
import { csvLine } from '../../pipeline/core/csv.js';
import { spreadOf } from '../evaluation/spread-of.js';
import type { SummaryRow } from '../evaluation/summary-data.js';
import { chartColours, renderChart } from './chart.js';
import type { Figure } from './figure.js';

/** Ten colours that differ in hue and lightness (Tableau 10; orange last, because the reference method has one like it); dashes tell the second and third ten apart. */
const hues = [
  '#4e79a7',
  '#59a14f',
  '#e15759',
  '#76b7b2',
  '#b07aa1',
  '#9c755f',
  '#edc948',
  '#ff9da7',
  '#8c8c8c',
  '#f28e2b',
];
const dashes = [
  [1, 0],
  [6, 3],
  [2, 2],
];

/** Mean test AUC of all methods while modalities vanish; the reference method is drawn bold. Null for fewer than two. */
export async function robustnessLinesFigure(
  rows: readonly SummaryRow[],
  reference: string,
): Promise<Figure | null> {
  const shown = rows.flatMap((row) => (row.robustness === null ? [] : [{ row, robustness: row.robustness }]));
  if (shown.length < 2) return null;
  const points = shown.flatMap(({ row, robustness }) =>
    robustness.rho.map((rho, i) => ({
      method: row.title,
      rho,
      auc: spreadOf(robustness.auc[i] ?? []),
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
      ),
      `Mean test AUC of ${titles.join(', ')} while modalities vanish with probability 0 to 1`,
    ),
    csv: [
      csvLine(['method', 'rho', 'auc_mean', 'auc_std', 'accuracy_mean', 'accuracy_std', 'folds']),
      ...points.map(({ method, rho, auc, accuracy }) =>
        csvLine([method, rho, auc.mean, auc.std, accuracy.mean, accuracy.std, auc.folds]),
      ),
    ].join(''),
  };
}

function spec(
  values: { readonly method: string; readonly rho: number; readonly value: number }[],
  titles: readonly string[],
  bold: string | undefined,
): TopLevelSpec {
  const others = titles.filter((title) => title !== bold);
  const domain = [...(bold === undefined ? [] : [bold]), ...others];
  const own = (of: (i: number) => string): string[] => [
    ...(bold === undefined ? [] : [chartColours.emphasis]),
    ...others.map((_, i) => of(i)),
  ];
  const dashOf = (i: number): number[] => dashes[Math.floor(i / hues.length) % dashes.length] as number[];
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
      y: { field: 'value', type: 'quantitative', scale: { zero: false }, axis: { title: 'Test AUC' } },
      color: {
        field: 'method',
        type: 'nominal',
        scale: { domain, range: own((i) => hues[i % hues.length] as string) },
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
        scale: {
          domain,
          range: [...(bold === undefined ? [] : [[1, 0]]), ...others.map((_, i) => dashOf(i))],
        },
        legend: { title: null },
      },
      strokeWidth: {
        condition: { test: `datum.method === ${JSON.stringify(bold ?? '')}`, value: 3.5 },
        value: 1.5,
      },
    },
  };
}
