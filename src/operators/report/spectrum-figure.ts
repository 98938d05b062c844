import type { TopLevelSpec } from 'vega-lite';
import { csvLine } from '../../pipeline/core/csv.js';
import { spreadOf } from '../evaluation/spread-of.js';
import { chartColours, lineLegend, renderChart } from './chart.js';
import type { Figure } from './figure.js';
import type { SpectrumGroup } from './spectrum-groups.js';

const moments = ['before', 'after'] as const;

/**
 * Mean singular values of the modality vectors of the test patients who have every modality, before and after training: a thin line
 * per fold, a bold line for their mean (method.md 9.3). Null if no fold has such patients.
 */
export async function spectrumFigure({ name, title, folds }: SpectrumGroup): Promise<Figure | null> {
  const values = folds.flatMap(({ fold, spectrum }) =>
    moments.flatMap((when) =>
      (spectrum.test[when].sigma ?? []).map((sigma, j) => ({ fold, when, j: j + 1, sigma })),
    ),
  );
  if (values.length === 0) return null;
  return {
    name: `spectrum-${name}`,
    svg: await renderChart(
      spectrumSpec(title, values),
      `${title}: mean singular values of the modality vectors before and after alignment in ${folds.length} folds`,
    ),
    csv: [
      csvLine(['fold', 'set', 'when', 'complete_patients', 'leading_share', 'index', 'sigma']),
      ...folds.flatMap(({ fold, spectrum }) =>
        (['train', 'val', 'test'] as const).flatMap((set) =>
          moments.flatMap((when) => {
            const { complete, leadingShare, sigma } = spectrum[set][when];
            return (sigma ?? []).map((value, j) =>
              csvLine([fold, set, when, complete, leadingShare, j + 1, value]),
            );
          }),
        ),
      ),
    ].join(''),
  };
}

interface Value {
  readonly fold: number;
  readonly when: (typeof moments)[number];
  readonly j: number;
  readonly sigma: number;
}

function spectrumSpec(title: string, values: Value[]): TopLevelSpec {
  const means = moments.flatMap((when) =>
    [...new Set(values.map(({ j }) => j))].map((j) => ({
      when,
      j,
      sigma: spreadOf(
        values.filter((value) => value.when === when && value.j === j).map(({ sigma }) => sigma),
      ).mean,
    })),
  );
  return {
    title: { text: title, subtitle: 'test patients with every modality' },
    width: 260,
    height: 200,
    encoding: {
      x: {
        field: 'j',
        type: 'ordinal',
        axis: { title: 'Singular value', labelAngle: 0, labelOverlap: true },
      },
      y: { field: 'sigma', type: 'quantitative', axis: { title: 'Mean σ', tickCount: 5 } },
      color: {
        field: 'when',
        type: 'nominal',
        scale: { domain: [...moments], range: [chartColours.folds, chartColours.emphasis] },
        legend: lineLegend,
      },
    },
    layer: [
      {
        data: { values },
        mark: { type: 'line', strokeWidth: 1, opacity: 0.35 },
        encoding: { detail: { field: 'fold', type: 'nominal' } },
      },
      { data: { values: means }, mark: { type: 'line', strokeWidth: 2.6, point: { size: 30 } } },
    ],
  };
}
