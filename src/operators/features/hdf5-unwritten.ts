import type { Dataset } from 'h5wasm/node';
import { foreign } from './foreign.js';
import { Hdf5Guard } from './hdf5-guard.js';
import { readingAxis, readPart, type DatasetPart } from './hdf5-numbers.js';
import type { NumberType } from './number-type.js';

/** Maximum number of pieces of constant value that are tested with `isUnwritten`. They are spread over the dataset. */
const mostTried = 256;

/** A piece of the storage: first row, number of rows, first column, number of columns. */
type Piece = readonly [row: number, rows: number, column: number, columns: number];

/** The pieces of a matrix that are stored separately. The whole matrix if it is not chunked. */
function* piecesOf(rows: number, columns: number, chunk: readonly [number, number] | null): Generator<Piece> {
  const [high, wide] = chunk ?? [rows, columns];
  for (let row = 0; row < rows; row += high)
    for (let column = 0; column < columns; column += wide)
      yield [row, Math.min(high, rows - row), column, Math.min(wide, columns - column)];
}

/** Whether all values of a piece are equal. In a piece that was never written, each value is the fill value. */
function isOneValue(values: Float32Array, columns: number, [row, rows, column, wide]: Piece): boolean {
  const first = values[row * columns + column] as number;
  for (let y = row; y < row + rows; y++)
    for (let x = column; x < column + wide; x++) if (!Object.is(values[y * columns + x], first)) return false;
  return true;
}

/**
 * Refuses a matrix of which a part was never written. For a chunk without a position in the file the library returns
 * the fill value, mostly zero, and reads nothing from the file. The missing read distinguishes such a chunk from zeros
 * that were written.
 *
 * @param values all numbers of the dataset
 * @throws HafError `HAF_FEATURES_INVALID` with the number of rows that were never written
 */
export function assertWritten(dataset: Dataset, type: NumberType, values: Float32Array, place: string): void {
  const shape = dataset.metadata.shape ?? [];
  const axis = readingAxis(shape);
  const [rows = 0, columns = 1, ...others] = shape.slice(axis);
  if (others.length > 0 || rows * columns === 0) return;
  const chunks = dataset.metadata.chunks?.slice(axis) ?? null;
  const chunk = chunks === null ? null : ([chunks[0] ?? rows, chunks[1] ?? columns] as const);
  const suspects = [...piecesOf(rows, columns, chunk)].filter((piece) => isOneValue(values, columns, piece));
  const step = Math.max(1, Math.ceil(suspects.length / mostTried));
  const tried = suspects.filter((_, at) => at % step === 0);
  const unwritten = tried.filter((piece) => isUnwritten(dataset, type, partOf(piece, shape, axis), place));
  const [first] = unwritten;
  if (first === undefined) return;
  const missing = new Set(
    unwritten.flatMap(([row, high]) => Array.from({ length: high }, (_, i) => row + i)),
  );
  const least = step > 1 ? 'at least ' : '';
  throw foreign(
    `${least}${missing.size} of ${rows} rows of dataset "${place}" were never written, the first is row ${first[0]} (counted from 0)`,
    'Its writer was stopped before it ended: extract the features of this image again.',
    place,
  );
}

/** The first value of a piece, as a part of the dataset. In dimensions other than row and column, its index is 0. */
const partOf = ([row, , column]: Piece, shape: readonly number[], axis: number): DatasetPart => ({
  offset: shape.map((_, at) => (at === axis ? row : at === axis + 1 ? column : 0)),
  count: shape.map(() => 1),
});

function isUnwritten(dataset: Dataset, type: NumberType, part: DatasetPart, place: string): boolean {
  const guard = Hdf5Guard.get();
  // The first read may also read the index of the pieces from the file. So only the file accesses of the second read
  // are counted.
  readPart(dataset, type, part, 'a piece', place);
  const before = guard.reads;
  readPart(dataset, type, part, 'a piece', place);
  return guard.reads === before;
}
