/**
 * Time per tile without a model: the stand-in encoder, and scaling a tile to the input size of an ONNX model. Uses one
 * thread and tiles in memory.
 *
 *     npx vitest run --config test/bench/vitest.config.mjs test/bench/encoders.bench.ts
 */
import { expect, it } from 'vitest';
import { resizer } from '../../src/operators/encoders/resize.js';
import { standInEncoder } from '../../src/operators/encoders/stand-in.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { measure, timingTable } from './measure.js';

const count = 64;

function tiles(side: number): { count: number; side: number; rgb: Uint8Array } {
  const random = rng(1, 'bench');
  return { count, side, rgb: Uint8Array.from({ length: count * side * side * 3 }, () => random.int(256)) };
}

it('encodes and scales', async () => {
  const timings = [];
  for (const [side, width] of [
    [256, 1024],
    [256, 64],
    [128, 64],
  ] as const) {
    const [encoder, batch] = [standInEncoder(width), tiles(side)];
    const timing = await measure(`stand-in, ${count} tiles of ${side} px, width ${width}`, 20, () =>
      encoder.encode(batch),
    );
    timings.push(timing);
    console.log(`${timing.name}: ${((1000 * count) / timing.medianMs).toFixed(0)} tiles a second`);
  }
  for (const filter of ['bicubic', 'bilinear'] as const) {
    const [resize, { rgb }] = [resizer(256, 224, filter), tiles(256)];
    const one = rgb.subarray(0, 256 * 256 * 3);
    timings.push(
      await measure(`one tile from 256 to 224 px, ${filter}`, 50, () => Promise.resolve(resize(one))),
    );
  }
  console.log(timingTable('encoders', timings));
  expect(timings).toHaveLength(5);
});
