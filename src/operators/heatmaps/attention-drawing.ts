import type { AttendedImage, Thumbnail } from './attended-images.js';
import { Canvas } from './canvas.js';
import { colourOf, type Rgb } from './colour-map.js';
import { usualStep } from './usual-step.js';

/** Opacity of the colour over tissue. */
const opacity = 0.5;
const paper: Rgb = [236, 236, 236];
/** Maximum side length of a tile on a white background, in pixels. */
const paperTile = 16;

/** The mapping of coordinates to a picture: `scale` pixels per unit of the coordinates. */
interface Placement {
  readonly left: number;
  readonly top: number;
  readonly side: number;
  readonly scale: readonly [x: number, y: number];
}

/**
 * The tiles of an image coloured by the percentile of their attention: over its thumbnail, or on a white background if
 * there is none. The longer side has at most `longest` pixels; a thumbnail is not enlarged. Null if the image has no
 * coordinates.
 *
 * @param percentiles - the percentile of the attention of each row of the image
 */
export async function drawAttention(
  { coords, thumbnail }: AttendedImage,
  percentiles: Float64Array,
  longest: number,
): Promise<Canvas | null> {
  if (coords === null) return null;
  const { values, unit } = coords;
  const side = coords.side ?? usualStep(values);
  // Coordinates in micrometres come from tiles of other tools, for which there is no thumbnail.
  if (thumbnail !== null && unit === 'px') {
    const canvas = await onThumbnail(thumbnail, longest);
    const scale = [canvas.width / thumbnail.width, canvas.height / thumbnail.height] as const;
    paint(canvas, values, percentiles, { left: 0, top: 0, side, scale }, opacity);
    return canvas;
  }
  const [left, top, right, bottom] = extent(values);
  const [width, height] = [right - left + side, bottom - top + side];
  const scale = Math.min(paperTile / side, longest / Math.max(width, height));
  const canvas = new Canvas(pixels(width * scale), pixels(height * scale), paper);
  paint(canvas, values, percentiles, { left, top, side, scale: [scale, scale] }, 1);
  return canvas;
}

const pixels = (length: number): number => Math.max(1, Math.round(length));

async function onThumbnail({ encoded }: Thumbnail, longest: number): Promise<Canvas> {
  const bytes = encoded();
  const { width, height } = await Canvas.sizeOf(bytes);
  const scale = Math.min(1, longest / Math.max(width, height));
  return Canvas.ofImage(bytes, pixels(width * scale), pixels(height * scale));
}

/** Blends the colours into the picture. Where tiles overlap, a pixel shows the mean of their percentiles. */
function paint(
  { width, height, rgb }: Canvas,
  coords: Float32Array,
  percentiles: Float64Array,
  { left, top, side, scale }: Placement,
  share: number,
): void {
  const { sums, counts } = scratchOf(width * height);
  for (const [row, percentile] of percentiles.entries()) {
    const [x, y] = [(coords[2 * row] as number) - left, (coords[2 * row + 1] as number) - top];
    const [fromX, toX] = span(x * scale[0], (x + side) * scale[0], width);
    const [fromY, toY] = span(y * scale[1], (y + side) * scale[1], height);
    for (let at = fromY; at < toY; at++)
      for (let pixel = at * width + fromX; pixel < at * width + toX; pixel++) {
        sums[pixel] = (sums[pixel] as number) + percentile;
        counts[pixel] = (counts[pixel] as number) + 1;
      }
  }
  for (let pixel = 0; pixel < counts.length; pixel++) {
    const count = counts[pixel] as number;
    if (count === 0) continue;
    const colour = colourOf((sums[pixel] as number) / count);
    for (let channel = 0; channel < 3; channel++) {
      const under = rgb[3 * pixel + channel] as number;
      rgb[3 * pixel + channel] = Math.round(under + share * ((colour[channel] as number) - under));
    }
  }
}

/**
 * Memory that is reused between pictures. Otherwise the memory of hundreds of pictures would be occupied until the
 * garbage collector frees it.
 */
let scratch = { sums: new Float32Array(), counts: new Uint32Array() };

/** Zeros for this number of pixels, valid until the next call. */
function scratchOf(pixels: number): typeof scratch {
  if (scratch.counts.length < pixels)
    scratch = { sums: new Float32Array(pixels), counts: new Uint32Array(pixels) };
  const [sums, counts] = [scratch.sums.subarray(0, pixels), scratch.counts.subarray(0, pixels)];
  sums.fill(0);
  counts.fill(0);
  return { sums, counts };
}

/**
 * The pixels of a tile along one axis. The edges are rounded, so that tiles with a common edge leave no gap. A tile has
 * at least one pixel.
 */
function span(from: number, to: number, limit: number): readonly [from: number, to: number] {
  const first = Math.round(from);
  return [Math.max(0, first), Math.min(limit, Math.max(first + 1, Math.round(to)))];
}

function extent(coords: Float32Array): readonly [left: number, top: number, right: number, bottom: number] {
  const ends = [Infinity, Infinity, -Infinity, -Infinity] as [number, number, number, number];
  for (let i = 0; i < coords.length; i += 2) {
    const [x, y] = [coords[i] as number, coords[i + 1] as number];
    ends[0] = Math.min(ends[0], x);
    ends[1] = Math.min(ends[1], y);
    ends[2] = Math.max(ends[2], x);
    ends[3] = Math.max(ends[3], y);
  }
  return ends;
}
