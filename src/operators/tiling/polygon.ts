/** Vertices of a closed polygon, x and y alternating. */
export type Polygon = Int32Array;

/** The smallest box of whole pixels around a polygon; right and bottom are exclusive, as in OpenCV's boundingRect. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * Area by the shoelace formula. The polygon runs through the middles of the border pixels, so the area is smaller than
 * the number of pixels.
 */
export function areaOf(polygon: Polygon): number {
  let twice = 0;
  let x0 = polygon[polygon.length - 2] as number;
  let y0 = polygon[polygon.length - 1] as number;
  for (let i = 0; i < polygon.length; i += 2) {
    const x = polygon[i] as number;
    const y = polygon[i + 1] as number;
    twice += x0 * y - y0 * x;
    x0 = x;
    y0 = y;
  }
  return Math.abs(twice) / 2;
}

export function boxOf(polygon: Polygon): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < polygon.length; i += 2) {
    const x = polygon[i] as number;
    const y = polygon[i + 1] as number;
    left = Math.min(left, x);
    right = Math.max(right, x + 1);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y + 1);
  }
  return { left, top, right, bottom };
}

/**
 * Converts to level-0 pixels: each coordinate times the downsample of its axis, without the fraction (method.md 3.1,
 * step 9).
 */
export const scaled = (polygon: Polygon, [x, y]: readonly [number, number]): Polygon =>
  polygon.map((value, i) => Math.trunc(value * (i % 2 === 0 ? x : y)));
