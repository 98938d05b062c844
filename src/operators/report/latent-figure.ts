import type { TopLevelSpec } from 'vega-lite';
import type { Alignment } from '../../pipeline/core/alignment.js';
import { csvLine } from '../../pipeline/core/csv.js';
import type { LatentMap } from '../latent/latent-data.js';
import { renderChart } from './chart.js';
import type { Figure } from './figure.js';
import { modalityColours } from './modality-colours.js';
import type { ReportInput } from './report-input.js';

type Panel = Extract<TopLevelSpec, { readonly hconcat: unknown }>['hconcat'][number];

/**
 * Number of modalities that are distinguished by colour alone. With more modalities, the shapes of their points differ,
 * too.
 */
const mostByColour = 7;
const shapes = ['circle', 'square', 'triangle-up', 'diamond', 'cross', 'triangle-down'] as const;
/** Number of legend entries in one column. */
const legendRows = 18;

/**
 * t-SNE of the latent vectors of the test patients before and after alignment (method.md 9.3). Null if there are no
 * latent vectors.
 */
export async function latentFigure(
  name: string,
  title: string,
  map: LatentMap,
  { outcome, titles }: Pick<ReportInput, 'outcome' | 'titles'>,
): Promise<Figure | null> {
  if (map.points.length === 0) return null;
  const spec: TopLevelSpec = {
    title: {
      text: title,
      subtitle: `fold ${map.fold}, ${patientsText(map)}, t-SNE of perplexity ${map.perplexity.toFixed(0)}`,
    },
    hconcat: [panel('original', map, 'before', titles), panel('aligned', map, 'after', titles)],
    spacing: 28,
    resolve: { scale: { color: 'shared', shape: 'shared' } },
  };
  return {
    name: `latent-${name}`,
    wide: true,
    svg: await renderChart(
      spec,
      `${title}: maps of ${map.points.length} latent vectors before and after alignment, coloured by modality`,
    ),
    csv: [
      csvLine(['patient', 'modality', outcome.positive, 'before_x', 'before_y', 'after_x', 'after_y']),
      ...map.points.map(({ patient, modality, y, before, after }) =>
        csvLine([patient, modality, y, ...before, ...after]),
      ),
    ].join(''),
  };
}

const patientsText = ({ shown, patients }: LatentMap): string =>
  shown === undefined || patients === undefined ? 'test patients' : `${shown} of ${patients} test patients`;

/** The names of the alignments in the report. */
export const alignmentTitles: Readonly<Record<Alignment, string>> = {
  svd: 'Singular-value alignment',
  clip: 'CLIP alignment',
  signed: 'Signed alignment',
};

function panel(
  title: string,
  { points, modalities }: LatentMap,
  when: 'before' | 'after',
  titles: ReportInput['titles'],
): Panel {
  const nameOf = (id: string): string => titles[id] ?? id;
  const domain = modalities.map(nameOf);
  const legend = {
    title: null,
    symbolOpacity: 1,
    columns: Math.ceil(domain.length / legendRows),
    symbolLimit: domain.length + 1,
  };
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
      values: points.map((point) => ({
        modality: nameOf(point.modality),
        x: point[when][0],
        y: point[when][1],
      })),
    },
    mark: { type: 'point', filled: true, size: 28, opacity: 0.75 },
    encoding: {
      x: axis('x'),
      y: axis('y'),
      color: {
        field: 'modality',
        type: 'nominal',
        scale: { domain, range: [...modalityColours(modalities)] },
        legend,
      },
      ...(domain.length <= mostByColour
        ? {}
        : {
            shape: {
              field: 'modality',
              type: 'nominal' as const,
              scale: { domain, range: domain.map((_, i) => shapes[i % shapes.length] as string) },
              legend,
            },
          }),
    },
  };
}
