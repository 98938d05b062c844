import { describe, expect, it } from 'vitest';
import { standInEncoder, standInName } from '../../src/operators/encoders/stand-in.js';
import { statisticsCount, tileStatistics } from '../../src/operators/encoders/tile-statistics.js';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import { rng } from '../../src/pipeline/core/rng.js';

type Paint = (x: number, y: number) => readonly [number, number, number];

function tile(side: number, paint: Paint): Uint8Array {
  const rgb = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) rgb.set(paint(x, y), (y * side + x) * 3);
  return rgb;
}

function noisy(side: number, seed: number): Uint8Array {
  const random = rng(seed, 'tile');
  return Uint8Array.from({ length: side * side * 3 }, () => random.int(256));
}

const statisticsOf = (rgb: Uint8Array, side: number): Float64Array => {
  const out = new Float64Array(statisticsCount).fill(NaN);
  tileStatistics(rgb, side, out);
  return out;
};

const near = (value: number): unknown => expect.closeTo(value, 12);

describe('the statistics of a tile', () => {
  it('are those of its definition', () => {
    // The left half is red, the right half is blue. Means, deviations and correlations were computed by hand.
    const [meanR, meanG, meanB, devR, devG, devB, rg, rb, gb] = statisticsOf(
      tile(64, (x) => (x < 32 ? [255, 51, 0] : [0, 51, 255])),
      64,
    );
    expect([meanR, meanG, meanB].map((value) => (value as number) * 0.12 + 0.72)).toEqual(
      [0.5, 0.2, 0.5].map(near),
    );
    expect([devR, devG, devB].map((value) => (value as number) * 0.05 + 0.1)).toEqual(
      [0.5, 0, 0.5].map(near),
    );
    // Green does not vary, so its correlations with red and blue are set to 1.
    expect([rg, rb, gb].map((value) => (value as number) * 0.25 + 0.75)).toEqual([1, -1, 1].map(near));
  });

  it('fill every place, with one entry of each histogram for a tile of one colour', () => {
    const values = statisticsOf(
      tile(40, () => [200, 100, 150]),
      40,
    );
    expect(values.every((value) => Number.isFinite(value))).toBe(true);
    const histograms = [values.subarray(9, 25), values.subarray(25, 89), values.subarray(97, 105)];
    for (const histogram of histograms)
      expect([...histogram].filter((value) => value !== 0)).toEqual([1 / 0.12].map(near));
    // R + G + B = 450 is in bin 9 of 16 (sums 0 to 765). 200, 100, 150 are levels 3, 1, 2 of four.
    expect(histograms[0]?.[9]).toBeGreaterThan(0);
    expect(histograms[1]?.[3 * 16 + 1 * 4 + 2]).toBeGreaterThan(0);
  });

  it('tell along from down and near from far', () => {
    const contrasts = (rgb: Uint8Array): number[] => [...statisticsOf(rgb, 64).subarray(89, 97)];
    const stripes = contrasts(tile(64, (x) => (x % 4 < 2 ? [0, 0, 0] : [255, 255, 255])));
    // Horizontal pairs at lag 1: about half differ; at lag 2: all; at lags 4 and 8: none. Vertical pairs never differ.
    const raw = stripes.map((value) => (value * 0.06 + 0.2) ** 2);
    expect(raw).toEqual([31 / 63, 0, 1, 0, 0, 0, 0, 0].map(near));
  });
});

describe('the stand-in encoder', () => {
  it('says what it is not', () => {
    expect(standInEncoder(8).name).toBe('stand-in (not a pathology model)');
    expect(standInName).toBe(standInEncoder(64).name);
  });

  it('gives the same bits as ever', async () => {
    const values = await standInEncoder(64).encode({ count: 1, side: 96, rgb: noisy(96, 1) });
    expect(sha256(new Uint8Array(values.buffer))).toBe(
      '5191248f93dbfcbf5be1a0318751318e456ebe59cfacc19ded6b9864ac8dec89',
    );
  });

  it('gives a tile the same instance in any batch', async () => {
    const encoder = standInEncoder(32);
    const [a, b] = [noisy(48, 1), noisy(48, 2)];
    const both = await encoder.encode({ count: 2, side: 48, rgb: Buffer.concat([a, b]) });
    expect([...both.subarray(0, 32)]).toEqual([...(await encoder.encode({ count: 1, side: 48, rgb: a }))]);
    expect([...both.subarray(32)]).toEqual([...(await encoder.encode({ count: 1, side: 48, rgb: b }))]);
    expect(both.subarray(0, 32)).not.toEqual(both.subarray(32));
  });

  it('takes any side and width', async () => {
    for (const [side, width] of [
      [1, 3],
      [7, 1024],
      [300, 8],
    ] as const) {
      const values = await standInEncoder(width).encode({ count: 1, side, rgb: noisy(side, 3) });
      expect(values).toHaveLength(width);
      expect(values.every((value) => Number.isFinite(value))).toBe(true);
    }
  });
});
