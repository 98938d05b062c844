import { PolygonIndex } from './polygon-index.js';
import type { ContourTest } from './tissue-settings.js';
import type { Outline } from './trace-contours.js';

/** A grid in level-0 pixels. CLAM scales the two axes of a level separately, so values are pairs. */
export interface GridSettings {
  /** Side lengths of a tile along x and y. */
  readonly side: readonly [number, number];
  readonly step: readonly [number, number];
  readonly contourTest: ContourTest;
  /** Keep tiles that extend beyond the slide. */
  readonly padding: boolean;
}

type Test = (x: number, y: number) => boolean;

/**
 * Makes the contour test, which decides by one or more points whether a tile lies in the tissue. A point on the border
 * of the tissue counts as inside (method.md 3.2).
 */
function contourTestOf(test: ContourTest, outline: PolygonIndex, side: number): Test {
  const inside: Test = (x, y) => outline.sideOf(x, y) >= 0;
  const half = Math.floor(side / 2);
  const shift = Math.trunc(half * 0.5);
  // A tile with a side of less than four pixels has one test point instead of four.
  const shifts = shift > 0 ? ([[-1, -1], [1, 1], [1, -1], [-1, 1]] as const) : ([[0, 0]] as const); // prettier-ignore
  const pointIn =
    (x: number, y: number) =>
    ([dx, dy]: readonly [number, number]): boolean =>
      inside(x + half + dx * shift, y + half + dy * shift);
  switch (test) {
    case 'basic':
      return inside;
    case 'center':
      return (x, y) => inside(x + half, y + half);
    case 'four_pt':
      return (x, y) => shifts.some(pointIn(x, y));
    case 'four_pt_hard':
      return (x, y) => shifts.every(pointIn(x, y));
  }
}

/**
 * Upper left corners of the tiles in one piece of tissue, sorted by x and then by y. A tile whose middle lies strictly
 * inside a hole is left out.
 */
function tilesIn(
  { outer, holes }: Outline,
  grid: GridSettings,
  slide: { readonly width: number; readonly height: number },
): readonly number[] {
  const outline = new PolygonIndex(outer);
  const holeOutlines = holes.map((hole) => new PolygonIndex(hole));
  const [sideX, sideY] = grid.side;
  const [stepX, stepY] = grid.step;
  const test = contourTestOf(grid.contourTest, outline, sideX);
  const inHole: Test = (x, y) => holeOutlines.some((hole) => hole.sideOf(x + sideX / 2, y + sideX / 2) > 0);
  const { left, top, right, bottom } = outline.box;
  const endX = grid.padding ? right : Math.min(right, slide.width - sideX + 1);
  const endY = grid.padding ? bottom : Math.min(bottom, slide.height - sideY + 1);
  const corners: number[] = [];
  for (let x = left; x < endX; x += stepX)
    for (let y = top; y < endY; y += stepY) if (test(x, y) && !inHole(x, y)) corners.push(x, y);
  return corners;
}

/**
 * The tiles of a slide (method.md 3.2): one grid per piece of tissue. The grid starts at the upper left corner of the
 * bounding box of the piece. If bounding boxes overlap, tiles may overlap, too. CLAM keeps such tiles, and so does this
 * code.
 *
 * @param outlines in level-0 pixels
 * @returns [tiles, 2], level-0 x and y of the upper left corners, in the order of CLAM
 */
export function gridTiles(
  outlines: readonly Outline[],
  grid: GridSettings,
  slide: { readonly width: number; readonly height: number },
): Int32Array {
  const parts = outlines.map((outline) => tilesIn(outline, grid, slide));
  const tiles = new Int32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    tiles.set(part, at);
    at += part.length;
  }
  return tiles;
}
