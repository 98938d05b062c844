import type { Polygon } from './polygon.js';
import type { RgbImage } from './rgb-image.js';
import type { Outline } from './trace-contours.js';

type Pair = readonly [number, number];
type Rgb = readonly [number, number, number];

const contourColour: Rgb = [0, 160, 0];
const holeColour: Rgb = [0, 0, 220];
/** Factor on the brightness under grid lines, so that the tissue under them stays visible. */
const lineShade = 0.45;
/**
 * Side length in the picture below which a tile would consist of its border only. Such tiles are shaded as a whole.
 */
const leastDrawnSide = 5;
const tileShade = 0.75;

/** Draws a line two pixels wide (Bresenham). Pixels outside of the picture are skipped. */
function drawLine({ width, height, data }: RgbImage, [x0, y0]: Pair, [x1, y1]: Pair, colour: Rgb): void {
  const [right, down] = [Math.abs(x1 - x0), Math.abs(y1 - y0)];
  let [x, y, error] = [x0, y0, right - down];
  for (;;) {
    for (let i = 0; i < 4; i++) {
      const [px, py] = [x + (i & 1), y + (i >> 1)];
      if (px >= 0 && px < width && py >= 0 && py < height) data.set(colour, (py * width + px) * 3);
    }
    if (x === x1 && y === y1) return;
    const twice = 2 * error;
    if (twice > -down) {
      error -= down;
      x += Math.sign(x1 - x0);
    }
    if (twice < right) {
      error += right;
      y += Math.sign(y1 - y0);
    }
  }
}

function drawPolygon(picture: RgbImage, polygon: Polygon, [scaleX, scaleY]: Pair, colour: Rgb): void {
  const vertex = (i: number): Pair => [
    Math.floor((polygon[i] as number) * scaleX),
    Math.floor((polygon[i + 1] as number) * scaleY),
  ];
  let last = vertex(polygon.length - 2);
  for (let i = 0; i < polygon.length; i += 2) {
    const next = vertex(i);
    drawLine(picture, last, next, colour);
    last = next;
  }
}

/** Marks the pixels of a rectangle, or only those of its border. */
function markRectangle(
  marks: Uint8Array,
  { width, height }: RgbImage,
  [left, top]: Pair,
  [right, bottom]: Pair,
  filled: boolean,
): void {
  for (let y = Math.max(0, top); y <= Math.min(bottom, height - 1); y++) {
    const wholeRow = filled || y === top || y === bottom;
    const step = wholeRow ? 1 : Math.max(1, right - left);
    for (let x = left; x <= right; x += step) if (x >= 0 && x < width) marks[y * width + x] = 1;
  }
}

/** Darkens each marked pixel once, even if several tiles share it. */
function drawGrid(picture: RgbImage, tiles: Int32Array, side: number, [scaleX, scaleY]: Pair): void {
  const lines = side * Math.min(scaleX, scaleY) >= leastDrawnSide;
  const marks = new Uint8Array(picture.width * picture.height);
  for (let i = 0; i < tiles.length; i += 2) {
    const [x, y] = [tiles[i] as number, tiles[i + 1] as number];
    const corner: Pair = [Math.floor(x * scaleX), Math.floor(y * scaleY)];
    // Border lines of neighbouring tiles coincide, so a rectangle of lines reaches to the corner of the next tile. A
    // shaded rectangle ends one pixel before it.
    const end = lines ? 0 : 1;
    const opposite: Pair = [Math.floor((x + side) * scaleX) - end, Math.floor((y + side) * scaleY) - end];
    markRectangle(marks, picture, corner, opposite, !lines);
  }
  const shade = lines ? lineShade : tileShade;
  for (let pixel = 0; pixel < marks.length; pixel++)
    if (marks[pixel] === 1)
      for (let i = 3 * pixel; i < 3 * pixel + 3; i++)
        picture.data[i] = Math.round((picture.data[i] as number) * shade);
}

/**
 * A copy of the thumbnail with the grid darkened, outlines in green and their holes in blue.
 *
 * @param slide size of level 0; `outlines`, `tiles` and `side` are in level-0 pixels
 */
export function drawOverlay(
  thumbnail: RgbImage,
  slide: { readonly width: number; readonly height: number },
  outlines: readonly Outline[],
  tiles: Int32Array,
  side: number,
): RgbImage {
  const picture = { ...thumbnail, data: thumbnail.data.slice() };
  const scale: Pair = [thumbnail.width / slide.width, thumbnail.height / slide.height];
  drawGrid(picture, tiles, side, scale);
  for (const { outer, holes } of outlines) {
    drawPolygon(picture, outer, scale, contourColour);
    for (const hole of holes) drawPolygon(picture, hole, scale, holeColour);
  }
  return picture;
}
