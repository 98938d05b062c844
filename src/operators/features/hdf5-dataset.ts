import type { Dataset, Metadata } from 'h5wasm/node';
import { foreign } from './foreign.js';
import { otherFiles } from './other-files.js';
import { assertWritten } from './hdf5-unwritten.js';
import { readNumbers } from './hdf5-numbers.js';
import { isFloatType, type NumberType } from './number-type.js';
import type { StoredArray } from './stored-array.js';

/**
 * Filters that this HDF5 build decodes. Data with other filters, such as LZF, would be read as garbage without an
 * error.
 */
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

/** Refuses a dataset with a filter that this HDF5 build cannot decode, or with data in other files. */
function assertReadable({ metadata, filters }: Dataset, place: string): void {
  const unsupported = filters.find((filter) => !readableFilters.has(filter.id));
  if (unsupported)
    throw foreign(
      `dataset "${place}" is compressed with "${unsupported.name || `filter ${unsupported.id}`}", which cannot be read`,
      'Write it again with gzip or without compression, for example with `h5repack -f GZIP=4`.',
      place,
    );
  const virtual = metadata.virtual_sources ?? [];
  if (virtual.length > 0) throw otherFiles(virtual.map(({ file_name }) => file_name));
}

/**
 * The number type of the values that the library returns. They are little-endian, whatever the byte order of the file
 * is. Null if the dataset holds no numbers.
 */
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
      const values = readNumbers(dataset, type, place);
      assertWritten(dataset, type, values, place);
      return values;
    },
  };
}
