import type { TopLevelSpec } from 'vega-lite';
import { csvLine } from '../../pipeline/core/csv.js';
import type { LatentMap } from '../latent/latent-data.js';
import { renderChart } from './chart.js';
import type { Figure } from './figure.js';
import { rowHeight } from './row-height.js';
import type { ReportInput } from './report-input.js';

interface Cell {
  readonly modality: string;
  readonly column: number;
  readonly value: number;
}

/**
 * The latent vectors of one patient, one row per modality, on the left before and on the right after alignment, on one
 * colour scale (method.md 9.4). The row of an absent modality is empty. Null if the `latent` stage kept the vectors of
 * no patient.
 */
export async function latentHeatmapFigure(
  name: string,
  title: string,
  { example, modalities }: LatentMap,
  titles: ReportInput['titles'],
): Promise<Figure | null> {
  if (example === null) return null;
  const width = [...example.before, ...example.after].find((row) => row !== null)?.length ?? 0;
  const cells = modalities.flatMap((modality, m): Cell[] => [
    ...(example.before[m] ?? []).map((value, column) => ({ modality, column, value })),
    ...(example.after[m] ?? []).map((value, column) => ({ modality, column: width + column, value })),
  ]);
  if (cells.length === 0) return null;
  return {
    name: `latent-vectors-${name}`,
    wide: true,
    svg: await renderChart(
      heatmapSpec(
        title,
        `Patient ${example.patient}`,
        modalities.map((id) => titles[id] ?? id),
        cells.map((cell) => ({ ...cell, modality: titles[cell.modality] ?? cell.modality })),
        width,
      ),
      `${title}: latent vectors of patient ${example.patient}, a row per modality, before and after alignment`,
    ),
    csv: [
      csvLine(['patient', 'modality', 'when', 'dimension', 'value']),
      ...cells.map(({ modality, column, value }) =>
        csvLine([example.patient, modality, column < width ? 'before' : 'after', column % width, value]),
      ),
    ].join(''),
  };
}

function heatmapSpec(
  title: string,
  patient: string,
  modalities: readonly string[],
  values: Cell[],
  width: number,
): TopLevelSpec {
  const x = {
    type: 'quantitative' as const,
    scale: { domain: [0, 2 * width], nice: false, zero: true },
    axis: { title: patient, labels: false, ticks: false, grid: false },
  };
  const y = {
    field: 'modality',
    type: 'nominal' as const,
    sort: [...modalities],
    scale: { domain: [...modalities] },
    axis: { title: null },
  };
  return {
    title: { text: title },
    width: 768,
    height: { step: rowHeight(modalities.length) },
    layer: [
      {
        data: { values },
        transform: [{ calculate: 'datum.column + 1', as: 'end' }],
        mark: { type: 'rect' },
        encoding: {
          x: { ...x, field: 'column' },
          x2: { field: 'end' },
          y,
          color: {
            field: 'value',
            type: 'quantitative',
            scale: { scheme: 'viridis' },
            legend: { title: 'u', gradientLength: 140 },
          },
        },
      },
      {
        data: { values: [{ column: width }] },
        mark: { type: 'rule', strokeDash: [5, 4], color: '#e31a1c', strokeWidth: 2 },
        encoding: { x: { ...x, field: 'column' } },
      },
      {
        data: {
          values: [
            { column: width / 2, caption: 'before' },
            { column: 1.5 * width, caption: 'after' },
          ],
        },
        mark: { type: 'text', color: 'currentColor', fontSize: 12, baseline: 'bottom' },
        encoding: { x: { ...x, field: 'column' }, y: { value: -4 }, text: { field: 'caption' } },
      },
    ],
  };
}
