import type { TopLevelSpec } from 'vega-lite';
import type { Alignment } from '../../pipeline/core/alignment.js';
import { csvLine } from '../../pipeline/core/csv.js';
import type { LatentMap } from '../latent/latent-data.js';
import { renderChart } from './chart.js';
import type { Figure } from './figure.js';

type Panel = Extract<TopLevelSpec, { readonly hconcat: unknown }>['hconcat'][number];

/** Colours of Okabe and Ito, grey in place of black and yellow, which vanish on one of the pages. */
export const modalityColours: Readonly<Record<string, string>> = {
  WSI: '#d55e00',
  TMA: '#e69f00',
  Clin: '#0072b2',
  Path: '#009e73',
  Blood: '#cc79a7',
  ICD: '#56b4e9',
  Cell: '#808080',
};

/** Fig. 3: t-SNE of the latent vectors of the test patients before and after alignment (method.md 9.3). Null without any. */
export async function latentFigure(name: string, title: string, map: LatentMap): Promise<Figure | null> {
  if (map.points.length === 0) return null;
  const spec: TopLevelSpec = {
    title: {
      text: title,
      subtitle: `fold ${map.fold}, test patients, t-SNE of perplexity ${map.perplexity.toFixed(0)}`,
    },
    hconcat: [panel('original', map, 'before'), panel('aligned', map, 'after')],
    spacing: 28,
    resolve: { scale: { color: 'shared' } },
  };
  return {
    name: `latent-${name}`,
    wide: true,
    svg: await renderChart(
      spec,
      `${title}: maps of ${map.points.length} latent vectors before and after alignment, coloured by modality`,
    ),
    csv: [
      csvLine(['patient', 'modality', 'deceased', 'before_x', 'before_y', 'after_x', 'after_y']),
      ...map.points.map(({ patient, modality, y, before, after }) =>
        csvLine([patient, modality, y, ...before, ...after]),
      ),
    ].join(''),
  };
}

/** The names of the alignments, for people. */
export const alignmentTitles: Readonly<Record<Alignment, string>> = {
  svd: 'Singular-value alignment',
  clip: 'CLIP alignment',
};

function panel(title: string, { points, modalities }: LatentMap, when: 'before' | 'after'): Panel {
  const axis = (field: string) => ({
    field,
    type: 'quantitative' as const,
    scale: { zero: false, nice: false, padding: 8 },
    axis: null,
  });
  return {
    title: { text: title, fontSize: 12, anchor: 'middle' },
    view: { stroke: 'currentColor', strokeOpacity: 0.25 },
    width: 340,
    height: 320,
    data: {
      values: points.map((point) => ({ modality: point.modality, x: point[when][0], y: point[when][1] })),
    },
    mark: { type: 'point', filled: true, size: 28, opacity: 0.75 },
    encoding: {
      x: axis('x'),
      y: axis('y'),
      color: {
        field: 'modality',
        type: 'nominal',
        scale: { domain: [...modalities], range: modalities.map((modality) => modalityColours[modality] ?? '#666') },
        legend: { title: null, symbolOpacity: 1 },
      },
    },
  };
}
