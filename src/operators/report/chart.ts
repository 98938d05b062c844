import { None, parse, resetSVGDefIds, View } from 'vega';
import { compile, type Config as ChartConfig, type TopLevelSpec } from 'vega-lite';
import { escapeHtml } from './html.js';

/** Blue and vermilion can be distinguished with every common colour blindness, on white and on dark pages. */
export const chartColours = { folds: '#3a87c8', emphasis: '#d55e00' } as const;

/** Settings of the legend that explains the lines of a chart. The legend is below the chart. */
export const lineLegend = {
  title: null,
  orient: 'bottom',
  symbolType: 'stroke',
  symbolOpacity: 1,
  symbolStrokeWidth: 2,
} as const;

/** Text and lines use the text colour of the page, so that one picture works on light and dark pages. */
const ink = 'currentColor';
const theme: ChartConfig = {
  // ARIA texts of single marks are off, because screen readers would announce hundreds of marks one by one. The whole
  // picture has a description instead.
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
 * Renders a chart as SVG text without a DOM. The same specification gives the same bytes.
 *
 * @param description what the chart shows, for readers who cannot see it
 */
export async function renderChart(spec: TopLevelSpec, description: string): Promise<string> {
  // Without this reset, Vega continues to count the ids of SVG definitions, and two renderings of a chart would differ.
  resetSVGDefIds();
  const view = new View(parse(compile(spec, { config: theme }).spec), { renderer: 'none', logLevel: None });
  try {
    const svg = await view.toSVG();
    return svg.replace('class="marks"', `role="img" aria-label="${escapeHtml(description)}"`);
  } finally {
    view.finalize();
  }
}
