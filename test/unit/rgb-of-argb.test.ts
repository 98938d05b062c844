import { describe, expect, it } from 'vitest';
import { rgbOf } from '../../src/operators/slides/rgb-of-argb.js';
import { rng } from '../../src/pipeline/core/rng.js';

const random = rng(1, 'pixels');
const words = (length: number): Uint32Array => Uint32Array.from({ length }, () => random.int(2 ** 32));

/** The bytes of one word, as the format defines them: alpha, red, green, blue from the highest byte on. */
const bytesOf = (word: number): number[] => [(word >>> 16) & 255, (word >>> 8) & 255, word & 255];

describe('RGB of premultiplied ARGB', () => {
  it('drops alpha and keeps the colours', () => {
    const argb = words(64);
    const rgb = new Uint8Array(192);
    rgbOf(argb, rgb);
    expect([...rgb]).toEqual([...argb].flatMap(bytesOf));
  });

  it('takes one region out of a strip', () => {
    const [width, height, count] = [8, 5, 3];
    const argb = words(width * height * count);
    for (let region = 0; region < count; region++) {
      const rgb = new Uint8Array(width * height * 3);
      rgbOf(argb.subarray(region * width), rgb, width, count * width);
      const expected = Array.from({ length: height }, (_, y) =>
        [...argb.subarray((y * count + region) * width, (y * count + region + 1) * width)].flatMap(bytesOf),
      );
      expect([...rgb]).toEqual(expected.flat());
    }
  });
});
