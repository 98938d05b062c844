/** Maximum number of samples of a tile along one axis. Larger tiles are subsampled, which keeps the statistics and saves time. */
const mostSamples = 128;
/**
 * Distances, in samples, between two samples whose brightness is compared. Short distances show the edge of a nucleus,
 * long ones that of a gland.
 */
const lags = [1, 2, 4, 8] as const;
const brightnessBins = 16;
/** Levels of each channel in the joint histogram of colours. */
const colourLevels = 4;
const contrastBins = 8;
/** R + G + B of white. */
const brightest = 3 * 255;

/** Standardisation of a statistic: minus its centre, divided by its scale. On tiles of stained tissue the result has a size of about 1. */
interface Standard {
  readonly centre: number;
  readonly scale: number;
}

const standards = {
  mean: { centre: 0.72, scale: 0.12 },
  deviation: { centre: 0.1, scale: 0.05 },
  correlation: { centre: 0.75, scale: 0.25 },
  // Most bins of a tile are empty. Centre 0 maps an empty bin to 0.
  share: { centre: 0, scale: 0.12 },
  contrast: { centre: 0.2, scale: 0.06 },
} as const satisfies Record<string, Standard>;

/** Number of values that `tileStatistics` computes. */
export const statisticsCount = 6 + 3 + brightnessBins + colourLevels ** 3 + 2 * lags.length + contrastBins;

/** Scratch memory, reused for every tile. */
const brightness = new Int32Array(mostSamples * mostSamples);
const brightnessHistogram = new Int32Array(brightnessBins);
const colourHistogram = new Int32Array(colourLevels ** 3);
const contrastHistogram = new Int32Array(contrastBins);

/**
 * Colour and texture of one tile: means, deviations and correlations of R, G, B; histograms of brightness and of colour; contrast
 * over several distances and its histogram. Each value is centred and scaled by constants. All sums are of integers, and everything
 * else is correctly rounded arithmetic, so every machine gets the same bits.
 *
 * @param rgb [side, side, 3]
 * @param out receives `statisticsCount` numbers
 */
export function tileStatistics(rgb: Uint8Array, side: number, out: Float64Array): void {
  const stride = Math.ceil(side / mostSamples);
  const across = Math.ceil(side / stride);
  const samples = across * across;
  let at = 0;
  const put = (value: number, { centre, scale }: Standard): void => {
    out[at++] = (value - centre) / scale;
  };
  for (const value of colourMoments(rgb, side, stride, across)) {
    if (at < 3) put(value, standards.mean);
    else if (at < 6) put(value, standards.deviation);
    else put(value, standards.correlation);
  }
  // The fraction of samples in a bin varies more if it is large. Its square root varies about equally for all bins.
  for (const count of brightnessHistogram) put(Math.sqrt(count / samples), standards.share);
  for (const count of colourHistogram) put(Math.sqrt(count / samples), standards.share);
  contrastHistogram.fill(0);
  for (const lag of lags) {
    put(Math.sqrt(contrast(across, lag, 0)), standards.contrast);
    put(Math.sqrt(contrast(across, 0, lag)), standards.contrast);
  }
  const steps = contrastHistogram.reduce((sum, count) => sum + count, 0);
  for (const count of contrastHistogram) put(Math.sqrt(count / Math.max(1, steps)), standards.share);
}

/**
 * Means and deviations (as fractions of 255) of R, G, B, then the correlations RG, RB, GB. Also fills the brightness of all samples
 * and both colour histograms.
 */
function colourMoments(rgb: Uint8Array, side: number, stride: number, across: number): readonly number[] {
  brightnessHistogram.fill(0);
  colourHistogram.fill(0);
  let [r1, g1, b1, rr, gg, bb, rg, rb, gb] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  let sample = 0;
  for (let y = 0; y < side; y += stride)
    for (let x = 0; x < side; x += stride) {
      const pixel = (y * side + x) * 3;
      const r = rgb[pixel] as number;
      const g = rgb[pixel + 1] as number;
      const b = rgb[pixel + 2] as number;
      r1 += r;
      g1 += g;
      b1 += b;
      rr += r * r;
      gg += g * g;
      bb += b * b;
      rg += r * g;
      rb += r * b;
      gb += g * b;
      const sum = r + g + b;
      brightness[sample++] = sum;
      const bin = Math.floor((sum * brightnessBins) / (brightest + 1));
      brightnessHistogram[bin] = (brightnessHistogram[bin] as number) + 1;
      const colour = ((r >> 6) << 4) | ((g >> 6) << 2) | (b >> 6);
      colourHistogram[colour] = (colourHistogram[colour] as number) + 1;
    }
  const n = across * across;
  const deviation = (sum: number, squares: number): number => Math.sqrt(n * squares - sum * sum) / n;
  const [dr, dg, db] = [deviation(r1, rr), deviation(g1, gg), deviation(b1, bb)];
  // In a tile of one colour the correlation is undefined, and 1 is used. This is the limit if all channels have the
  // same noise and the noise goes to zero.
  const correlation = (a: number, b: number, ab: number, da: number, db: number): number =>
    da === 0 || db === 0 ? 1 : (n * ab - a * b) / n / n / da / db;
  return [
    ...[r1, g1, b1].map((sum) => sum / n / 255),
    ...[dr, dg, db].map((value) => value / 255),
    correlation(r1, g1, rg, dr, dg),
    correlation(r1, b1, rb, dr, db),
    correlation(g1, b1, gb, dg, db),
  ];
}

/**
 * Mean absolute difference of brightness, as a fraction of the maximum, between samples at a distance of `right` and `down`.
 * Differences of neighbours are also counted in the histogram of contrast.
 */
function contrast(across: number, right: number, down: number): number {
  const [width, height] = [Math.max(0, across - right), Math.max(0, across - down)];
  const offset = down * across + right;
  const neighbours = right + down === 1;
  let sum = 0;
  for (let y = 0; y < height; y++)
    for (let sample = y * across; sample < y * across + width; sample++) {
      const step = Math.abs((brightness[sample] as number) - (brightness[sample + offset] as number));
      sum += step;
      if (!neighbours) continue;
      const bin = Math.min(contrastBins - 1, step >> 4);
      contrastHistogram[bin] = (contrastHistogram[bin] as number) + 1;
    }
  return sum / Math.max(1, width * height) / brightest;
}
