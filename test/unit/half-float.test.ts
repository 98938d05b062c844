import { describe, expect, it } from 'vitest';
import { floatsToHalves, halvesToFloats } from '../../src/operators/features/half-float.js';

const toFloat = (bits: number): number => {
  const target = new Float32Array(1);
  halvesToFloats(Uint16Array.of(bits), target);
  return target[0] as number;
};
const toHalf = (value: number): number => {
  const target = new Uint16Array(1);
  floatsToHalves(Float32Array.of(value), target);
  return target[0] as number;
};
const isNaNHalf = (bits: number): boolean => (bits & 0x7fff) > 0x7c00;

describe('a half', () => {
  it('covers subnormal, largest, signed zero, infinite and NaN', () => {
    expect(toFloat(0x0001)).toBe(2 ** -24);
    expect(toFloat(0x0400)).toBe(2 ** -14);
    expect(toFloat(0x7bff)).toBe(65504);
    expect(toFloat(0x8000)).toBe(-0);
    expect(toFloat(0xfc00)).toBe(-Infinity);
    expect(toFloat(0x7e00)).toBeNaN();
  });

  it('survives the way to float32 and back, every one', () => {
    const halves = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
    const floats = new Float32Array(halves.length);
    halvesToFloats(halves, floats);
    const back = new Uint16Array(halves.length);
    floatsToHalves(floats, back);
    const changed = Array.from(halves).filter((bits) => !isNaNHalf(bits) && back[bits] !== bits);
    expect(changed).toEqual([]);
    expect(Array.from(halves).filter((bits) => isNaNHalf(bits) !== isNaNHalf(back[bits] ?? 0))).toEqual([]);
  });

  it('rounds to the nearest, and to the even one of two', () => {
    // Rounds the middle between every two neighbouring float16 numbers, and the float32 numbers next to this middle.
    const wrong: number[] = [];
    const words = new Uint32Array(1);
    const float = new Float32Array(words.buffer);
    for (let low = 0; low < 0x7bff; low++) {
      const middle = (toFloat(low) + toFloat(low + 1)) / 2;
      if (toHalf(middle) !== (low % 2 === 0 ? low : low + 1)) wrong.push(middle);
      float[0] = middle;
      words[0] = (words[0] as number) - 1;
      if (toHalf(float[0]) !== low) wrong.push(float[0]);
      words[0] += 2;
      if (toHalf(float[0]) !== low + 1) wrong.push(float[0]);
    }
    expect(wrong).toEqual([]);
    expect([65_519.99, 65_520, -65_520, 1e30, Infinity].map(toHalf)).toEqual([
      0x7bff, 0x7c00, 0xfc00, 0x7c00, 0x7c00,
    ]);
  });

  it('can be widened inside of its own memory', () => {
    const floats = new Float32Array(5);
    const halves = new Uint16Array(floats.buffer, 10, 5);
    const values = Float32Array.of(1, -2, 0.5, 4, -8);
    floatsToHalves(values, halves);
    halvesToFloats(halves, floats);
    expect(floats).toEqual(values);
  });
});
