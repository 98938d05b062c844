import { constants } from 'node:buffer';
import h5wasm, { Module, type Dataset, type File } from 'h5wasm/node';
import { HafError } from '../../pipeline/core/errors.js';
import { foreign } from './foreign.js';

/** Filters the HDF5 build decodes. Others, LZF among them, are read as garbage without an error. */
const readableFilters: ReadonlySet<number> = new Set([1, 2, 3]);
const datatypeFloat = 1;
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

const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** Refuses what would be read wrongly, without an error, or not at all. */
function assertReadable(dataset: Dataset, place: string): void {
  const { metadata, filters } = dataset;
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
  if (metadata.type !== datatypeFloat || (metadata.size !== 4 && metadata.size !== 8)) {
    const what = metadata.type === datatypeFloat ? `float${metadata.size * 8}` : 'no floating-point';
    throw foreign(
      `dataset "${place}" holds ${what} values; float32 or float64 is supported`,
      'Convert it to float32.',
      place,
    );
  }
}

/** Rows and width of a matrix [N, w], a batch of one [1, N, w], or an empty list [0] as TRIDENT writes it. */
function matrixShape(
  shape: readonly number[] | null,
  width: number,
  place: string,
): readonly [number, number] {
  if (shape?.length === 1 && shape[0] === 0) return [0, width];
  const sides = shape?.length === 3 && shape[0] === 1 ? shape.slice(1) : (shape ?? []);
  const [rows, columns] = sides;
  if (sides.length !== 2 || rows === undefined || columns === undefined)
    throw foreign(
      `dataset "${place}" has the shape ${shapeText(shape ?? [])}; [rows, ${width}] is expected`,
      'Write one row per tile.',
      place,
    );
  return [rows, columns];
}

/** Rows per slice: whole chunks, because a compressed chunk is decoded anew for every slice that touches it. */
function sliceRows(dataset: Dataset, rowBytes: number): number {
  const chunks = dataset.metadata.chunks;
  const chunkRows = chunks?.at(-2) ?? 1;
  return chunkRows * Math.max(1, Math.floor(sliceBytes / (rowBytes * chunkRows)));
}

/**
 * The instances of a dataset as float32 [rows, width], read in chunk-aligned slices.
 * @throws HafError `HAF_FEATURES_INVALID` shape, width, number type, filter, or data that do not decode
 */
export function readMatrix(dataset: Dataset, width: number, place: string): Float32Array {
  assertReadable(dataset, place);
  const { shape, size } = dataset.metadata;
  const [rows, columns] = matrixShape(shape, width, place);
  // An empty slide says nothing about the encoder, so its width is not compared.
  if (rows === 0) return new Float32Array(0);
  if (columns !== width)
    throw foreign(
      `dataset "${place}" has rows of ${columns} values, ${width} expected`,
      `Set the width of this modality to ${columns} if all its files are like this, or extract the features again.`,
      place,
    );
  if (rows * width * Float32Array.BYTES_PER_ELEMENT > constants.MAX_LENGTH)
    throw foreign(
      `dataset "${place}" claims ${rows} rows, more than fit in memory`,
      'Split the file.',
      place,
    );
  const values = new Float32Array(rows * width);
  const step = sliceRows(dataset, width * size);
  for (let start = 0; start < rows; start += step) {
    const count = Math.min(step, rows - start);
    values.set(readRows(dataset, start, count, width, place), start * width);
  }
  return values;
}

/**
 * `Dataset.slice` of h5wasm ignores the status of the read and hands out whatever is in memory after a failed
 * one (wrong checksum, damaged chunk), so this calls the function below it.
 */
function readRows(
  dataset: Dataset,
  start: number,
  count: number,
  width: number,
  place: string,
): ArrayLike<number> {
  const { size, shape } = dataset.metadata;
  const lead = shape?.length === 3;
  const along = (row: number, column: number, batch: number): bigint[] =>
    (lead ? [batch, row, column] : [row, column]).map(BigInt);
  const bytes = count * width * size;
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
      along(count, width, 1),
      along(start, 0, 0),
      along(1, 1, 1),
      BigInt(pointer),
    );
    if (status < 0)
      throw foreign(
        `rows ${start} to ${start + count - 1} of dataset "${place}" cannot be read: the file is damaged`,
        'Copy or download it again, or extract the features again.',
        place,
      );
    // The heap may have moved during the read, so the view is taken after it; the copy outlives the free below.
    const copy = Module.HEAPU8.slice(pointer, pointer + bytes).buffer;
    return size === 4 ? new Float32Array(copy) : new Float64Array(copy);
  } finally {
    Module._free(pointer);
  }
}
