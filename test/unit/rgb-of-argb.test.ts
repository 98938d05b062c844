import { describe, expect, it } from 'vitest';
import { RgbConverter } from '../../src/operators/slides/rgb-of-argb.js';
import { rng } from '../../src/pipeline/core/rng.js';

const random = rng(1, 'pixels');
const words = (length: number): Uint32Array => Uint32Array.from({ length }, () => random.int(2 ** 32));

/** Red, green and blue of words, as the format defines them: alpha, red, green, blue from the highest byte on. */
const expected = (argb: Uint32Array): number[] =>
  [...argb].flatMap((word) => [(word >>> 16) & 255, (word >>> 8) & 255, word & 255]);

describe('RGB of premultiplied ARGB', () => {
  it.each([0, 1, 2, 3, 4, 5, 63, 4096])('drops alpha and keeps the colours of %i pixels', (pixels) => {
    const converter = new RgbConverter(4096);
    for (let turn = 0; turn < 2; turn++) {
      converter.buffer.set(words(4096));
      const argb = converter.buffer.subarray(0, pixels);
      expect([...converter.rgbOf(argb)]).toEqual(expected(argb));
    }
  });

  it('converts other memory', () => {
    const converter = new RgbConverter(4096);
    for (const pixels of [4096, 7]) {
      const argb = words(pixels);
      expect([...converter.rgbOf(argb)]).toEqual(expected(argb));
    }
  });
});
