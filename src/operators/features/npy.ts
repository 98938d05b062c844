import { foreign } from './foreign.js';
import { bytesOfType, isFloatType, toFloat32, type NumberType } from './number-type.js';
import type { StoredArray } from './stored-array.js';

interface Header {
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** Byte at which the elements begin. */
  readonly start: number;
}

export const npyMagic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const again = 'Write it again with numpy.save or numpy.savez as a float32 array.';

const types: Readonly<Record<string, NumberType>> = {
  '<f2': 'float16',
  '<f4': 'float32',
  '<f8': 'float64',
  '|i1': 'int8',
  '|u1': 'uint8',
  '<i2': 'int16',
  '<u2': 'uint16',
  '<i4': 'int32',
  '<u4': 'uint32',
  '<i8': 'int64',
  '<u8': 'uint64',
};

/** Parses the header of format versions 1 to 3: a Python dictionary literal with its length before it. */
function readHeader(file: Uint8Array): Header {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 10 || npyMagic.some((byte, i) => file[i] !== byte))
    throw foreign('it is not a .npy array', again);
  const version = view.getUint8(6);
  if (version < 1 || version > 3) throw foreign(`.npy format version ${version} is unknown`, again);
  const lengthBytes = version === 1 ? 2 : 4;
  const textStart = 8 + lengthBytes;
  if (file.length < textStart) throw foreign('the .npy header is cut off', again);
  const start = textStart + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (start > file.length) throw foreign('the .npy header is cut off', again);
  const text = new TextDecoder().decode(file.subarray(textStart, start));
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const sides = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  // For a structured type, `descr` is a list in the header and not a text. The array is refused, because its elements
  // are no plain numbers.
  if (descr === undefined || fortran === undefined || sides === undefined)
    throw foreign('the .npy header does not describe a plain numeric array', again);
  const shape = sides.split(',').flatMap((side) => (side.trim() === '' ? [] : [parseInt(side, 10)]));
  return { descr, fortran: fortran === 'True', shape, start };
}

/**
 * Opens a NumPy array file of little-endian numbers in C order. Object arrays are refused: they contain Python pickles, which can run
 * code.
 * @throws HafError `HAF_FEATURES_INVALID` naming the property that is not supported
 */
export function openNpy(file: Uint8Array, name: string): StoredArray {
  const { descr, fortran, shape, start } = readHeader(file);
  if (descr.includes('O')) throw foreign('it holds Python objects, which are never loaded', again);
  const type = types[descr];
  if (!type) throw foreign(`its numbers are "${descr}"; <f2, <f4 and <f8 are supported`, again);
  if (fortran && shape.length > 1) throw foreign('it is stored in Fortran order', again);
  const count = shape.reduce((product, side) => product * side, 1);
  const bytes = file.length - start;
  if (bytes !== count * bytesOfType(type))
    throw foreign(`it has ${bytes} bytes of numbers, its shape needs ${count * bytesOfType(type)}`, again);
  return {
    name,
    shape,
    type: descr,
    float: isFloatType(type),
    read: () => toFloat32(file.subarray(start), type),
  };
}
