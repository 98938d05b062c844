import { readFile } from 'node:fs/promises';
import type { FileMetaData, SchemaElement } from 'hyparquet';
import type { CellGrid, GridOptions, OpenedGrid } from './cell-grid.js';
import { isoText } from './date-text.js';
import { plainNumber, type DecimalMark } from './plain-number.js';

/** A column of a Parquet file, with its row groups concatenated. */
type Values = ArrayLike<unknown>;

/**
 * Number of columns per call. The reader decodes all columns of a call before it returns the first, and its time grows
 * with the square of their number.
 */
const columnsAtOnce = 200;

/** Opens a Parquet file with flat columns only. Its lines are counted from 2, as if it had a header in line 1. */
export async function openParquetGrid(path: string, options: GridOptions): Promise<OpenedGrid> {
  const { parquetMetadataAsync, parquetRead, parquetSchema } = await import('hyparquet');
  try {
    // The file is read into memory, because a separate read for each of 15,000 columns would take longer than all other
    // steps.
    const content = new Uint8Array(await readFile(path)).buffer;
    const file = { byteLength: content.byteLength, slice: content.slice.bind(content) };
    const metadata = await parquetMetadataAsync(file);
    const fields = parquetSchema(metadata).children;
    const nested = fields.find(({ children }) => children.length > 0);
    if (nested !== undefined)
      return {
        line: null,
        problem: `column "${nested.element.name}" holds lists or records, not single values`,
      };
    const names = fields.map(({ element }) => element.name);
    const pieces = new Map<string, { start: number; values: Values }[]>(names.map((name) => [name, []]));
    const { compressors } = await import('hyparquet-compressors');
    for (let first = 0; first < names.length; first += columnsAtOnce)
      await parquetRead({
        ...{ file, compressors, metadata: someColumns(metadata, first, first + columnsAtOnce) },
        // Pages are used directly. Assembling records, which flat columns do not need, takes time quadratic in the number of columns.
        onPage: ({ pathInSchema, columnData, rowStart }) =>
          pieces.get(pathInSchema[0] ?? '')?.push({ start: rowStart, values: compact(columnData) }),
      });
    const rows = Number(metadata.num_rows);
    const columns = names.map((name) => joined(pieces.get(name) ?? [], rows));
    return {
      grid: gridOf(names, columns, rows, options.decimal ?? '.'),
      form: { format: 'parquet' },
      notes: [],
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { line: null, problem: `it cannot be read as a Parquet file: ${reason}` };
  }
}

/** The metadata of the file restricted to a range of columns. A flat column has one entry in the schema. */
function someColumns(metadata: FileMetaData, first: number, end: number): FileMetaData {
  const [root, ...elements] = metadata.schema;
  const kept = elements.slice(first, end);
  const names = new Set(kept.map(({ name }) => name));
  return {
    ...metadata,
    schema: [{ ...(root as SchemaElement), num_children: kept.length }, ...kept],
    row_groups: metadata.row_groups.map((group) => ({
      ...group,
      columns: group.columns.filter(({ meta_data: of }) => names.has(of?.path_in_schema[0] ?? '')),
    })),
  };
}

/** Numbers and nulls as float64, with NaN for null. A list of values would take twice the memory. */
function compact(values: Values): Values {
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (typeof value !== 'number' && value !== null && value !== undefined) return values;
  }
  return Float64Array.from(values as ArrayLike<number | null>, (value) => value ?? NaN);
}

function joined(pieces: { start: number; values: Values }[], rows: number): Values {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined && first.values.length === rows) return first.values;
  const all: unknown[] = new Array<unknown>(rows).fill(null);
  for (const { start, values } of pieces)
    for (let at = 0; at < values.length; at++) all[start + at] = values[at];
  return all;
}

function gridOf(
  names: readonly string[],
  columns: readonly Values[],
  rows: number,
  decimal: DecimalMark,
): CellGrid {
  const kept: number[] = [];
  for (let row = 0; row < rows; row++)
    if (columns.some((values) => textOf(values[row]) !== '')) kept.push(row);
  const cell = (row: number, column: number): unknown => columns[column]?.[kept[row] as number];
  return {
    header: names.map((name) => name.trim()),
    headerLine: 1,
    rows: kept.length,
    line: (row) => (kept[row] as number) + 2,
    width: () => names.length,
    number: (row, column) => {
      const value = cell(row, column);
      if (typeof value === 'number') return Number.isFinite(value) ? value : NaN;
      if (typeof value === 'bigint') return Number(value);
      return typeof value === 'string' ? plainNumber(value.trim(), decimal) : NaN;
    },
    text: (row, column) => textOf(cell(row, column)),
    idProblem: (row, column) => {
      const value = cell(row, column);
      return typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER
        ? `${value} is stored as a floating-point number and has lost digits: store the ids as text`
        : null;
    },
  };
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number') return Number.isNaN(value) ? '' : String(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value instanceof Date) return isoText(value);
  return '';
}
