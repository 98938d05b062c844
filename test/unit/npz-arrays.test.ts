import { describe, expect, it } from 'vitest';
import { openNpy } from '../../src/operators/features/npy.js';

/** A .npy file with any header, by its byte layout (NumPy enhancement proposal 1). */
function npy(header: string, data: Uint8Array, version = 1): Uint8Array {
  const text = Buffer.from(header.padEnd(116) + '\n', 'latin1');
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(text.length, 0, length.length);
  return Buffer.concat([Buffer.from('\x93NUMPY', 'latin1'), Buffer.from([version, 0]), length, text, data]);
}

const describeArray = (descr: string, shape: string, fortran = 'False'): string =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': (${shape}), }`;
const readNpy = (file: Uint8Array): { shape: readonly number[]; data: Float32Array } => {
  const array = openNpy(file, 'array');
  return { shape: array.shape, data: array.read() };
};
const bytesOf = (data: Float32Array | Float64Array | Uint16Array): Uint8Array => new Uint8Array(data.buffer);

describe('a .npy array is read', () => {
  it.each([1, 2, 3])('in format version %i', (version) => {
    const data = Float32Array.of(1.5, -2, 3);
    const file = npy(describeArray('<f4', '3,'), bytesOf(data), version);
    expect(readNpy(file)).toEqual({ shape: [3], data });
  });

  it('from float64 and float16', () => {
    const doubles = npy(describeArray('<f8', '1, 2'), bytesOf(Float64Array.of(0.5, -8)));
    expect(readNpy(doubles)).toEqual({ shape: [1, 2], data: Float32Array.of(0.5, -8) });
    const halves = npy(describeArray('<f2', '2,'), bytesOf(Uint16Array.of(0x3c00, 0xc100)));
    expect(readNpy(halves)).toEqual({ shape: [2], data: Float32Array.of(1, -2.5) });
  });

  it('as a scalar, and at an odd place of a larger buffer', () => {
    const file = npy(describeArray('<f4', ''), bytesOf(Float32Array.of(7)));
    const shifted = Buffer.concat([Buffer.alloc(1), file]).subarray(1);
    expect(readNpy(shifted)).toEqual({ shape: [], data: Float32Array.of(7) });
  });
});

describe('a .npy array is refused', () => {
  const four = new Uint8Array(4);
  it.each([
    ['another magic', Buffer.from('PK\x03\x04 and more bytes'), /not a \.npy array/],
    ['a future version', npy(describeArray('<f4', '1,'), four, 9), /version 9 is unknown/],
    ['objects', npy(describeArray('|O', '1,'), four), /Python objects, which are never loaded/],
    [
      'a structured type',
      npy(`{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }`, four),
      /plain numeric/,
    ],
    ['booleans', npy(describeArray('|b1', '4,'), four), /"\|b1"; <f2, <f4 and <f8/],
    ['big-endian numbers', npy(describeArray('>f4', '1,'), four), /">f4"/],
    ['Fortran order', npy(describeArray('<f4', '1, 1', 'True'), four), /Fortran order/],
    ['too few numbers', npy(describeArray('<f4', '2,'), four), /has 4 bytes of numbers, its shape needs 8/],
    ['too many numbers', npy(describeArray('<f4', '0,'), four), /has 4 bytes of numbers, its shape needs 0/],
    ['a cut header', npy(describeArray('<f4', '1,'), four).subarray(0, 40), /header is cut off/],
  ])('for %s', (_, file, reason) => {
    expect(() => readNpy(file)).toThrow(reason);
  });
});
