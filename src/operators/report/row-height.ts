/** Pixels of one row in a chart with a row per modality: with many of them rows are lower, so the chart fits a page. */
export const rowHeight = (rows: number): number => (rows <= 12 ? 22 : rows <= 24 ? 17 : 13);
