/** Filters with their names in Pillow. */
export type Interpolation = 'bilinear' | 'bicubic';

/**
 * A filter: its half width, and the weight of a source pixel by its distance from the centre of the target pixel.
 * Lengths are in pixels of the smaller image.
 */
interface Filter {
  readonly support: number;
  readonly weight: (distance: number) => number;
}

const filters: Readonly<Record<Interpolation, Filter>> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    weight: (distance) => {
      const [x, a] = [Math.abs(distance), -0.5];
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    },
  },
};

/** Number of fixed-point bits of a weight, as in Pillow for 8-bit images. */
const precision = 22;
const half = 1 << (precision - 1);

/** For each target pixel: the first source pixel, the number of source pixels, and their weights in a row of length `most`. */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Int32Array;
  readonly most: number;
}

function tapsOf(from: number, to: number, { support, weight }: Filter): Taps {
  const scale = from / to;
  // When the image shrinks, the filter is widened, so that no source pixel is skipped (antialiasing).
  const stretch = Math.max(1, scale);
  const reach = support * stretch;
  const most = Math.ceil(reach) * 2 + 1;
  const taps = {
    first: new Int32Array(to),
    count: new Int32Array(to),
    weights: new Int32Array(to * most),
    most,
  };
  for (let target = 0; target < to; target++) {
    const centre = (target + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const count = Math.min(from, Math.trunc(centre + reach + 0.5)) - first;
    const raw = Array.from({ length: count }, (_, i) => weight((i + first - centre + 0.5) / stretch));
    const sum = raw.reduce((total, value) => total + value, 0);
    taps.first[target] = first;
    taps.count[target] = count;
    raw.forEach((value, i) => {
      const fixed = (value / sum) * 2 ** precision;
      taps.weights[target * most + i] = Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    });
  }
  return taps;
}

/** Scales from one square size to another, with precomputed weights. [side, side, 3] in and out. */
export type Resize = (rgb: Uint8Array) => Uint8Array;

/**
 * Scales square 8-bit RGB images from one side length to another with exactly the result of Pillow's `Image.resize`,
 * which was used to train UNI and similar models. The result of other libraries differs by up to 2 grey levels, and
 * changes from one release to the next. With such a library, the same recipe would give different instances.
 */
export function resizer(from: number, to: number, interpolation: Interpolation): Resize {
  if (from === to) return (rgb) => rgb;
  const taps = tapsOf(from, to, filters[interpolation]);
  const narrow = new Uint8ClampedArray(from * to * 3);
  return (rgb) => {
    const out = new Uint8ClampedArray(to * to * 3);
    // Like Pillow, first scales along the rows, rounds the result to 8 bits, and then scales along the columns.
    pass(rgb, narrow, taps, { lines: from, line: [from * 3, to * 3], step: [3, 3] });
    pass(narrow, out, taps, { lines: to, line: [3, 3], step: [to * 3, to * 3] });
    return new Uint8Array(out.buffer);
  };
}

/** The memory layout of lines and their pixels in source and target, in bytes. */
interface Layout {
  readonly lines: number;
  readonly line: readonly [source: number, target: number];
  readonly step: readonly [source: number, target: number];
}

function pass(
  source: ArrayLike<number>,
  target: Uint8ClampedArray,
  { first, count, weights, most }: Taps,
  { lines, line: [sourceLine, targetLine], step: [sourceStep, targetStep] }: Layout,
): void {
  for (let pixel = 0; pixel < first.length; pixel++) {
    const start = (first[pixel] as number) * sourceStep;
    const taps = count[pixel] as number;
    const row = pixel * most;
    for (let line = 0; line < lines; line++) {
      let [r, g, b] = [half, half, half];
      let at = line * sourceLine + start;
      for (let i = 0; i < taps; i++) {
        const weight = weights[row + i] as number;
        r += weight * (source[at] as number);
        g += weight * (source[at + 1] as number);
        b += weight * (source[at + 2] as number);
        at += sourceStep;
      }
      const to = line * targetLine + pixel * targetStep;
      target[to] = r >> precision;
      target[to + 1] = g >> precision;
      target[to + 2] = b >> precision;
    }
  }
}
