import { Module, type Dataset } from 'h5wasm/node';
import { foreign } from './foreign.js';
import { bytesOfType, toFloat32, type NumberType } from './number-type.js';

/** Bytes of a dataset that one read gets (a slice). The read needs this memory in addition to that of its result. */
const sliceBytes = 4 * 1024 * 1024;
/** Maximum size of a chunk. The library holds a chunk several times in memory while it decodes it. */
const largestChunk = 256 * 2 ** 20;

/** A part of a dataset: its start and its length along each dimension. */
export interface DatasetPart {
  readonly offset: readonly number[];
  readonly count: readonly number[];
}

/** The dimension along which a dataset is read: the first that is longer than one. */
export const readingAxis = (shape: readonly number[]): number =>
  Math.max(
    0,
    shape.findIndex((side) => side > 1),
  );

const product = (sides: readonly number[]): number => sides.reduce((all, side) => all * side, 1);

/**
 * Reads all numbers of a dataset in slices along its first dimension longer than one. A slice has a whole number of
 * chunks, because a compressed chunk is decoded again for every slice that touches it.
 *
 * @throws HafError `HAF_FEATURES_INVALID` if the chunks are too large or the file is damaged
 */
export function readNumbers(dataset: Dataset, type: NumberType, place: string): Float32Array {
  const shape = dataset.metadata.shape ?? [];
  const chunks = dataset.metadata.chunks ?? [];
  const axis = readingAxis(shape);
  const length = shape[axis] ?? 0;
  const rowValues = product(shape.slice(axis + 1));
  const chunkRows = Math.min(chunks[axis] ?? 1, length);
  const chunkBytes = Math.max(product(chunks), chunkRows * rowValues) * bytesOfType(type);
  if (chunkBytes > largestChunk)
    throw foreign(
      `dataset "${place}" is stored in pieces of ${Math.ceil(chunkBytes / 2 ** 20)} MiB, ${largestChunk / 2 ** 20} can be read`,
      'Write it with smaller chunks, for example with `h5repack -l CHUNK=1000x1024`.',
      place,
    );
  const step = chunkRows * Math.max(1, Math.floor(sliceBytes / (rowValues * bytesOfType(type) * chunkRows)));
  const values = new Float32Array(length * rowValues);
  for (let start = 0; start < length; start += step) {
    const count = Math.min(step, length - start);
    const part = {
      offset: shape.map((_, at) => (at === axis ? start : 0)),
      count: shape.map((side, at) => (at === axis ? count : side)),
    };
    const what = `rows ${start} to ${start + count - 1}`;
    values.set(readPart(dataset, type, part, `${what} of dataset "${place}"`, place), start * rowValues);
  }
  return values;
}

/**
 * Reads a part of a dataset. `Dataset.slice` of h5wasm ignores the status of the read: after a failed read (wrong
 * checksum, damaged chunk) it returns whatever is in memory. It also cannot read float16. So this function calls the
 * lower-level function.
 *
 * @throws HafError `HAF_FEATURES_INVALID` if the part needs more memory than the library has, or the file is damaged
 */
export function readPart(
  dataset: Dataset,
  type: NumberType,
  { offset, count }: DatasetPart,
  what: string,
  place: string,
): Float32Array {
  const bytes = product(count) * bytesOfType(type);
  const pointer = Module._malloc(bytes);
  if (pointer === 0)
    throw foreign(
      `${what} need ${bytes} bytes, more than the HDF5 library has`,
      'Write it with smaller chunks, for example with `h5repack -l CHUNK=1000x1024`.',
      place,
    );
  try {
    const status = Module.get_dataset_data(
      dataset.file_id,
      dataset.path,
      count.map(BigInt),
      offset.map(BigInt),
      count.map(() => 1n),
      BigInt(pointer),
    );
    if (status < 0)
      throw foreign(
        `${what} cannot be read: the file is damaged`,
        'Copy or download it again, or extract the features again.',
        place,
      );
    // The heap may have moved during the read, so the view is made afterwards. `slice` copies the bytes, because a
    // float32 result would otherwise share the memory of the heap.
    return toFloat32(Module.HEAPU8.slice(pointer, pointer + bytes), type);
  } finally {
    Module._free(pointer);
  }
}
