import { closeSync, fstatSync, openSync } from 'node:fs';
import { headerLength, headerStart, parseHeader, type HeaderEntry } from '../tensor/safetensors-header.js';
import type { FeatureReader } from './feature-reader.js';
import { bytesAt } from './file-bytes.js';
import { foreign } from './foreign.js';
import { bagsOfNamed } from './keyed-bags.js';
import type { MemoryBudget } from './memory-budget.js';
import { bytesOfType, isFloatType, toFloat32, type NumberType } from './number-type.js';
import { shapeOf, type UnopenedArray, type StoredArray } from './stored-array.js';

const again = 'Copy or download it again, or write it again with safetensors.';
/** Maximum length of a header, enough for some 80,000 tensors. The format allows 100 MB, which would need a gigabyte of memory. */
const longestHeader = 8 * 2 ** 20;
const brace = 0x7b;

const types: Readonly<Record<string, NumberType>> = {
  F16: 'float16',
  BF16: 'bfloat16',
  F32: 'float32',
  F64: 'float64',
  I8: 'int8',
  U8: 'uint8',
  I16: 'int16',
  U16: 'uint16',
  I32: 'int32',
  U32: 'uint32',
  I64: 'int64',
  U64: 'uint64',
};

/** The tensors in the header by name, and the position of their bytes. */
function readHeader(file: number): {
  readonly tensors: Readonly<Record<string, HeaderEntry>>;
  start: number;
} {
  const { size } = fstatSync(file);
  const length = size < headerStart ? size : headerLength(bytesAt(file, 0, headerStart));
  const start = headerStart + length;
  if (start > size) throw foreign('its safetensors header is cut off', again);
  if (length > longestHeader)
    throw foreign(
      `its safetensors header has ${length} bytes, ${longestHeader} are read`,
      'Write the tensors into several files.',
    );
  try {
    return { tensors: parseHeader(bytesAt(file, headerStart, length)), start };
  } catch (thrown) {
    throw foreign('its safetensors header cannot be read', again, null, thrown);
  }
}

function openTensor(
  file: number,
  start: number,
  name: string,
  entry: HeaderEntry,
  budget: MemoryBudget,
): StoredArray {
  const { dtype, shape } = entry;
  const [from, to] = entry.data_offsets;
  const type = types[dtype];
  return {
    name,
    shape,
    type: dtype,
    float: type !== undefined && isFloatType(type),
    read: () => {
      if (type === undefined)
        throw foreign(
          `tensor "${name}" holds ${dtype}, which cannot be read`,
          'Convert it to float32.',
          name,
        );
      const count = shape.reduce((product, side) => product * side, 1);
      if (to - from !== count * bytesOfType(type) || start + to > fstatSync(file).size)
        throw foreign(`tensor "${name}" is cut off or of another size than its shape needs`, again, name);
      budget.assertFits(to - from, name);
      return toFloat32(bytesAt(file, start + from, to - from), type);
    },
  };
}

function withFile<T>(path: string, use: (file: number) => T): T {
  const file = openSync(path, 'r');
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** Files of safetensors, which hold only numbers: `features` with `coords`, a single tensor, or one tensor per key. */
export const safetensorsReader: FeatureReader = {
  extensions: ['.safetensors'],
  // The first eight bytes are the length of the header, which is a JSON object.
  recognises: (head) =>
    head.length > headerStart && head[headerStart] === brace && head[7] === 0 && head[6] === 0,
  read: (file) =>
    Promise.resolve().then(() =>
      withFile(file.path, (handle) => {
        const { tensors, start } = readHeader(handle);
        const arrays = Object.entries(tensors).map(([name, entry]): UnopenedArray => ({
          name,
          open: () => openTensor(handle, start, name, entry, file.budget),
        }));
        if (arrays.length === 0) throw foreign('it holds no tensors', again);
        return bagsOfNamed(file, arrays, 'safetensors');
      }),
    ),
  keys: (path) => withFile(path, (handle) => Object.keys(readHeader(handle).tensors)),
  shapes: (path, budget) =>
    Promise.resolve().then(() =>
      withFile(path, (handle) => {
        const { tensors, start } = readHeader(handle);
        return Object.entries(tensors).map(([name, entry]) =>
          shapeOf(openTensor(handle, start, name, entry, budget)),
        );
      }),
    ),
};
