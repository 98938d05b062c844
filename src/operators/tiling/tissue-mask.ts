import type { GreyImage } from './grey-image.js';
import { areaOf, boxOf, type Polygon } from './polygon.js';
import type { Outline } from './trace-contours.js';

const tissue = 255;
const dropped = 128;

/**
 * Fills the inside of a traced outline. Its vertices are neighbouring pixels, so the outline crosses each row at
 * whole pixels. All pixels of a row are filled at once by the even-odd rule of `PolygonIndex`.
 */
function fillInside({ width, data }: GreyImage, polygon: Polygon, value: number): void {
  const { top, bottom } = boxOf(polygon);
  const crossings = Array.from({ length: bottom - top }, (): number[] => []);
  let [x0, y0] = [polygon[polygon.length - 2] as number, polygon[polygon.length - 1] as number];
  for (let i = 0; i < polygon.length; i += 2) {
    const [x, y] = [polygon[i] as number, polygon[i + 1] as number];
    if (y !== y0) crossings[Math.min(y, y0) - top]?.push(y < y0 ? x : x0);
    [x0, y0] = [x, y];
  }
  for (const [row, places] of crossings.entries()) {
    places.sort((a, b) => a - b);
    for (let i = 0; i + 1 < places.length; i += 2) {
      const start = (top + row) * width;
      data.fill(value, start + (places[i] as number), start + (places[i + 1] as number) + 1);
    }
  }
}

function drawBorder({ width, data }: GreyImage, polygon: Polygon): void {
  for (let i = 0; i < polygon.length; i += 2)
    data[(polygon[i + 1] as number) * width + (polygon[i] as number)] = tissue;
}

/**
 * A picture of the segmentation: kept pieces without their kept holes are white, everything else above the threshold
 * is grey. So a slide whose pieces are all too small shows why it is empty.
 */
export function tissueMask(mask: GreyImage, outlines: readonly Outline[]): GreyImage {
  const picture = { ...mask, data: mask.data.map((value) => (value === 0 ? 0 : dropped)) };
  // Large pieces first: a piece inside a hole of another piece must be painted after that hole.
  const largestFirst = outlines
    .map((outline) => ({ ...outline, area: areaOf(outline.outer) }))
    .sort((a, b) => b.area - a.area);
  for (const { outer, holes } of largestFirst) {
    fillInside(picture, outer, tissue);
    drawBorder(picture, outer);
    for (const hole of holes) {
      fillInside(picture, hole, 0);
      drawBorder(picture, hole);
    }
  }
  return picture;
}

/** Fraction of the picture that is tissue, 0 to 1. */
export function tissueShare({ data }: GreyImage): number {
  let pixels = 0;
  for (const value of data) if (value === tissue) pixels++;
  return pixels / data.length;
}
