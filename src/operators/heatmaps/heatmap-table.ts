import { csvText } from '../../pipeline/core/csv.js';
import type { AttendedImage } from './attended-images.js';
import type { RankedAttention } from './attention-ranks.js';

const columns = [
  ...(['source', 'image', 'row', 'x', 'y', 'unit', 'side'] as const),
  ...(['score', 'attention', 'percentile'] as const),
];

/**
 * One line per instance, in the order of the bag: the image and the row in the image, upper left corner and side length
 * in `unit` (empty if unknown), raw score, softmax over the bag, and percentile in the bag from 0 to 1.
 */
export function heatmapTable(images: readonly AttendedImage[], ranked: RankedAttention): string {
  const { scores, attention, percentile } = ranked;
  const lines = images.flatMap(({ source, image, start, rows, coords }) =>
    Array.from({ length: rows }, (_, row) => {
      const place = [coords?.values[2 * row], coords?.values[2 * row + 1], coords?.unit, coords?.side];
      const at = start + row;
      return [source, image, row, ...place, scores[at], attention[at], percentile[at]];
    }),
  );
  return csvText(columns, lines);
}
