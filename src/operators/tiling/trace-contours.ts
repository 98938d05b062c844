import type { GreyImage } from './grey-image.js';
import type { Polygon } from './polygon.js';

/** The outline of a piece of foreground, with the outlines of its holes. */
export interface Outline {
  readonly outer: Polygon;
  readonly holes: readonly Polygon[];
}

/** Steps to the eight neighbours: to the right first, then counter-clockwise as seen on the screen. */
const stepX = [1, 1, 0, -1, -1, -1, 0, 1] as const;
const stepY = [0, -1, -1, -1, 0, 1, 1, 1] as const;

interface Border {
  readonly polygon: Polygon;
  readonly hole: boolean;
  /** Number of the outer border that a hole belongs to. */
  readonly parent: number;
}

/**
 * Labels of the image with a frame of one background pixel: 0 is background, 1 is foreground that is not on a known
 * border.
 */
function framed({ width, height, data }: GreyImage): { labels: Int32Array; stride: number } {
  const stride = width + 2;
  const labels = new Int32Array(stride * (height + 2));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) if (data[y * width + x] !== 0) labels[(y + 1) * stride + x + 1] = 1;
  return { labels, stride };
}

/**
 * Follows one border, labels its pixels and returns all of them, beginning with `start`. A pixel with background on
 * its right gets the negative label, so that the scan does not take it for the start of a hole again.
 */
function follow(labels: Int32Array, stride: number, start: number, hole: boolean, label: number): Polygon {
  const steps = stepX.map((x, code) => x + (stepY[code] as number) * stride);
  const entry = hole ? 0 : 4;
  const points: number[] = [];
  const push = (at: number): void => {
    points.push((at % stride) - 1, Math.floor(at / stride) - 1);
  };
  let code = entry;
  do code = (code + 7) & 7;
  while (labels[start + (steps[code] as number)] === 0 && code !== entry);
  if (code === entry) {
    labels[start] = -label;
    push(start);
    return Int32Array.from(points);
  }
  const last = start + (steps[code] as number);
  for (let at = start; ;) {
    const from = code;
    let turned = code;
    do turned++;
    while (labels[at + (steps[turned & 7] as number)] === 0);
    code = turned & 7;
    // `code` from 1 to `from` means that the search for the next border pixel has passed the right neighbour (direction
    // 0). So the right neighbour is background.
    if (code > 0 && code <= from) labels[at] = -label;
    else if (labels[at] === 1) labels[at] = label;
    push(at);
    const next = at + (steps[code] as number);
    if (next === start && at === last) return Int32Array.from(points);
    at = next;
    code = (code + 4) & 7;
  }
}

/**
 * Outlines of the foreground (8-connected) and of its holes; every border pixel is a vertex. This is the border
 * following of Suzuki and Abe (1985), with the results and the order of OpenCV's findContours with RETR_CCOMP and
 * CHAIN_APPROX_NONE. The image is scanned from the upper left. The result has the outlines in reverse order of the
 * scan, and also the holes of each outline. A piece inside a hole is an outline of its own (method.md 3.1, step 6).
 */
export function traceContours(image: GreyImage): readonly Outline[] {
  const { labels, stride } = framed(image);
  const borders: Border[] = [];
  // Borders are numbered from 2, because the label 1 means foreground that is not on a known border.
  const borderOf = (label: number): Border => borders[Math.abs(label) - 2] as Border;
  for (let y = 1; y <= image.height; y++) {
    // Label of the last border that the scan met in this row. 0 is the frame of the image.
    let enclosing = 0;
    let previous = 0;
    for (let x = 1; x <= image.width + 1; x++) {
      const at = y * stride + x;
      const value = labels[at] as number;
      if (value === previous) continue;
      const outer = previous === 0 && value === 1;
      const hole = value === 0 && previous >= 1;
      if (outer || hole) {
        const label = borders.length + 2;
        if (hole && previous > 1) enclosing = previous;
        const parent = hole && enclosing !== 0 ? borderOf(enclosing) : null;
        const owner = parent === null ? -1 : parent.hole ? parent.parent : Math.abs(enclosing) - 2;
        const start = hole ? at - 1 : at;
        borders.push({ polygon: follow(labels, stride, start, hole, label), hole, parent: owner });
      }
      previous = labels[at] as number;
      if (previous !== 0 && previous !== 1) enclosing = previous;
    }
  }
  return grouped(borders);
}

function grouped(borders: readonly Border[]): readonly Outline[] {
  const holes = new Map<number, Polygon[]>();
  for (const { polygon, hole, parent } of borders) {
    if (!hole) continue;
    const siblings = holes.get(parent);
    if (siblings) siblings.push(polygon);
    else holes.set(parent, [polygon]);
  }
  return borders
    .flatMap(({ polygon, hole }, index) =>
      hole ? [] : [{ outer: polygon, holes: (holes.get(index) ?? []).reverse() }],
    )
    .reverse();
}
