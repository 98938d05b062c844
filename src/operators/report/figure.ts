/** A chart of the report and the numbers it shows. */
export interface Figure {
  /** For example "roc-haf"; its files are `figure-roc-haf.svg` and `figure-roc-haf.csv`. */
  readonly name: string;
  readonly svg: string;
  readonly csv: string;
  /** Whether the chart has the whole width of the page. */
  readonly wide?: true;
}

/** The files of a figure with their names. In the run directory, `figure-*` files are in the folder `figures`. */
export const figureFiles = ({ name, svg, csv }: Figure): readonly (readonly [string, Uint8Array])[] => [
  [`figure-${name}.svg`, new TextEncoder().encode(onWhite(svg))],
  [`figure-${name}.csv`, new TextEncoder().encode(csv)],
];

/** Outside of the page the picture has no theme, so it gets a white background. */
const onWhite = (svg: string): string =>
  svg.replace(/^<svg[^>]*>/, (opening) => `${opening}<rect width="100%" height="100%" fill="white"/>`);
