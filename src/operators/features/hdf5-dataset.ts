import h5wasm, { Module, type Dataset, type File, type Metadata } from 'h5wasm/node';
import { HafError } from '../../pipeline/core/errors.js';
import { foreign } from './foreign.js';
import { bytesOfType, isFloatType, toFloat32, type NumberType } from './number-type.js';
import type { StoredArray } from './stored-array.js';

/** Filters the HDF5 build decodes. Others, LZF among them, are read as garbage without an error. */
const readableFilters: ReadonlySet<number> = new Set([1, 2, 3]);
const datatypeInteger = 0;
const datatypeFloat = 1;
const floats: ReadonlyMap<number, NumberType> = new Map([
  [2, 'float16'],
  [4, 'float32'],
  [8, 'float64'],
]);
const integers: ReadonlyMap<string, NumberType> = new Map(
  (['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'] as const).map((type) => [
    type,
    type,
  ]),
);
/** Bytes of one slice; bounds the memory of a read beside its result. */
const sliceBytes = 4 * 1024 * 1024;

/** Runs `use` on an HDF5 file opened for reading and closes it. @throws HafError `HAF_FEATURES_INVALID` */
export async function withHdf5<T>(path: string, use: (file: File) => T): Promise<T> {
  await h5wasm.ready;
  const file = new h5wasm.File(path, 'r');
  // The library reports a failed open through the id alone.
  if (file.file_id < 0n)
    throw foreign('the HDF5 library cannot open it', 'Copy or download it again, or run `h5dump -H` on it.');
  try {
    return use(file);
  } catch (thrown) {
    // What the library throws is a plain Error without a reason; any subclass is not its doing.
    if (!(thrown instanceof Error) || thrown.constructor !== Error) throw thrown;
    throw foreign('its HDF5 structure is damaged', 'Copy or download it again.', null, thrown);
  } finally {
    file.close();
  }
}

/** Refuses what would be read wrongly, without an error, or not at all. */
function assertReadable({ metadata, filters }: Dataset, place: string): void {
  const unsupported = filters.find((filter) => !readableFilters.has(filter.id));
  if (unsupported)
    throw foreign(
      `dataset "${place}" is compressed with "${unsupported.name || `filter ${unsupported.id}`}", which cannot be read`,
      'Write it again with gzip or without compression, for example with `h5repack -f GZIP=4`.',
      place,
    );
  if (metadata.virtual_sources?.length)
    throw foreign(
      `dataset "${place}" is virtual: its values lie in other files`,
      'Write it into one file, for example with `h5repack`.',
      place,
    );
}

/** The number type the library hands out, in little-endian order whatever the file has; null for no numbers. */
function typeOf({ type, size, signed }: Metadata): NumberType | null {
  if (type === datatypeFloat) return floats.get(size) ?? null;
  return type === datatypeInteger ? (integers.get(`${signed ? '' : 'u'}int${size * 8}`) ?? null) : null;
}

/** A dataset as an array. @param place its path in the file, for messages */
export function datasetArray(dataset: Dataset, place: string): StoredArray {
  const { metadata } = dataset;
  const type = typeOf(metadata);
  return {
    name: place,
    shape: metadata.shape ?? [],
    type: type ?? 'no numbers',
    float: type !== null && isFloatType(type),
    read: () => {
      assertReadable(dataset, place);
      if (type === null)
        throw foreign(
          `dataset "${place}" holds no numbers that can be read`,
          'Convert it to float32.',
          place,
        );
      return readNumbers(dataset, type, place);
    },
  };
}

/**
 * All numbers of a dataset, in slices along its first side longer than one. A slice is a number of whole chunks,
 * because a compressed chunk is decoded anew for every slice that touches it.
 */
function readNumbers(dataset: Dataset, type: NumberType, place: string): Float32Array {
  const shape = dataset.metadata.shape ?? [];
  const axis = Math.max(
    0,
    shape.findIndex((side) => side > 1),
  );
  const length = shape[axis] ?? 0;
  const rowValues = shape.slice(axis + 1).reduce((product, side) => product * side, 1);
  const chunkRows = dataset.metadata.chunks?.[axis] ?? 1;
  const step = chunkRows * Math.max(1, Math.floor(sliceBytes / (rowValues * bytesOfType(type) * chunkRows)));
  const values = new Float32Array(length * rowValues);
  for (let start = 0; start < length; start += step) {
    const count = Math.min(step, length - start);
    const target = values.subarray(start * rowValues, (start + count) * rowValues);
    readSlice(dataset, type, { axis, start, count }, target, place);
  }
  return values;
}

interface Slice {
  readonly axis: number;
  readonly start: number;
  readonly count: number;
}

/**
 * `Dataset.slice` of h5wasm ignores the status of the read and hands out whatever is in memory after a failed
 * one (wrong checksum, damaged chunk), and reads no float16, so this calls the function below it.
 */
function readSlice(
  dataset: Dataset,
  type: NumberType,
  { axis, start, count }: Slice,
  target: Float32Array,
  place: string,
): void {
  const shape = dataset.metadata.shape ?? [];
  const along = (side: (length: number, at: number) => number): bigint[] =>
    shape.map((length, at) => BigInt(side(length, at)));
  const bytes = target.length * bytesOfType(type);
  const pointer = Module._malloc(bytes);
  if (pointer === 0)
    throw new HafError(
      'HAF_INTERNAL',
      `The HDF5 library has no ${bytes} bytes left.`,
      'Start fewer workers.',
    );
  try {
    const status = Module.get_dataset_data(
      dataset.file_id,
      dataset.path,
      along((side, at) => (at === axis ? count : side)),
      along((_, at) => (at === axis ? start : 0)),
      along(() => 1),
      BigInt(pointer),
    );
    if (status < 0)
      throw foreign(
        `rows ${start} to ${start + count - 1} of dataset "${place}" cannot be read: the file is damaged`,
        'Copy or download it again, or extract the features again.',
        place,
      );
    // The heap may have moved during the read, so the view is taken after it.
    target.set(toFloat32(Module.HEAPU8.subarray(pointer, pointer + bytes), type));
  } finally {
    Module._free(pointer);
  }
}
