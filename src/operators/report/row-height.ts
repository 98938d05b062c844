/**
 * Height of a row in pixels, in a chart with one row per modality. If there are many rows, each row is lower, so that
 * the chart fits on a page.
 */
export const rowHeight = (rows: number): number => (rows <= 12 ? 22 : rows <= 24 ? 17 : 13);
