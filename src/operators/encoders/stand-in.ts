import { rng } from '../../pipeline/core/rng.js';
import type { TileEncoder } from './tile-encoder.js';
import { statisticsCount, tileStatistics } from './tile-statistics.js';

/** Name of the encoder. It says in every report that the encoder is not a pathology model. */
export const standInName = 'stand-in (not a pathology model)';
/** Part of the definition of the stand-in: another seed would be another encoder. */
const projectionSeed = 4;

/**
 * Computes instances without a pathology model, for demonstrations and tests: colour and texture statistics of each
 * tile (`tileStatistics`), mixed by a fixed random projection to the width of the experiment. Each weight of the
 * projection is +1 or -1, divided by the square root of the number of statistics. The signs are drawn as integers, so
 * that every machine gives the same bits.
 */
export function standInEncoder(width: number): TileEncoder {
  const signs = rng(projectionSeed, `stand-in/${width}`);
  const weights = Float64Array.from({ length: width * statisticsCount }, () =>
    signs.uint32() & 0x80000000 ? -1 : 1,
  );
  const scale = 1 / Math.sqrt(statisticsCount);
  const statistics = new Float64Array(statisticsCount);
  const encodeTile = (rgb: Uint8Array, side: number, out: Float32Array): void => {
    tileStatistics(rgb, side, statistics);
    for (let i = 0; i < width; i++) {
      const row = i * statisticsCount;
      let sum = 0;
      for (let k = 0; k < statisticsCount; k++)
        sum += (weights[row + k] as number) * (statistics[k] as number);
      out[i] = sum * scale;
    }
  };
  return {
    name: standInName,
    engine: 'stand-in',
    onGpu: false,
    width,
    batch: 64,
    encode: ({ count, side, rgb }) => {
      const rows = new Float32Array(count * width);
      const bytes = side * side * 3;
      for (let tile = 0; tile < count; tile++)
        encodeTile(
          rgb.subarray(tile * bytes, (tile + 1) * bytes),
          side,
          rows.subarray(tile * width, (tile + 1) * width),
        );
      return Promise.resolve(rows);
    },
  };
}
