import { None, parse, resetSVGDefIds, View } from 'vega';
import { compile, type Config as ChartConfig, type TopLevelSpec } from 'vega-lite';
import { escapeHtml } from './html.js';

/** Blue and vermilion can be told apart with every common colour blindness, on white and on dark pages. */
export const chartColours = { folds: '#3a87c8', emphasis: '#d55e00' } as const;

/** Legend of lines, below the chart. */
export const lineLegend = {
  title: null,
  orient: 'bottom',
  symbolType: 'stroke',
  symbolOpacity: 1,
  symbolStrokeWidth: 2,
} as const;

/** Text and lines take the colour of the page around the chart, so one picture serves light and dark. */
const ink = 'currentColor';
const theme: ChartConfig = {
  // Marks by the hundred would each be announced; the picture as a whole carries a description instead.
  aria: false,
  background: 'transparent',
  font: 'system-ui, sans-serif',
  view: { stroke: null },
  title: { anchor: 'start', color: ink, subtitleColor: ink, fontSize: 14, subtitleFontSize: 12, offset: 8 },
  axis: {
    labelColor: ink,
    titleColor: ink,
    domainColor: ink,
    tickColor: ink,
    gridColor: ink,
    gridOpacity: 0.12,
    domainOpacity: 0.5,
    tickOpacity: 0.5,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: 'normal',
  },
  legend: { labelColor: ink, titleColor: ink, labelFontSize: 11, labelLimit: 400 },
};

/**
 * Draws a chart as SVG text without a DOM. The same specification gives the same bytes.
 *
 * @param description what the chart shows, for readers who cannot see it
 */
export async function renderChart(spec: TopLevelSpec, description: string): Promise<string> {
  // Ids of definitions count on within the process otherwise, and two renderings would differ.
  resetSVGDefIds();
  const view = new View(parse(compile(spec, { config: theme }).spec), { renderer: 'none', logLevel: None });
  try {
    const svg = await view.toSVG();
    return svg.replace('class="marks"', `role="img" aria-label="${escapeHtml(description)}"`);
  } finally {
    view.finalize();
  }
}
