import { z } from 'zod';
import { HafError } from '../../pipeline/core/errors.js';
import type { Artifact } from '../../pipeline/stage.js';
import { typedColumnSchema } from './typed-column.js';
import type { TypedTable } from './typed-table.js';

export const tableFile = 'table.json';
/** Cells: float64, little-endian, row-major [patients, columns]. NaN is a missing cell. */
export const cellsFile = 'cells.f64';

/** Everything of a typed table except its cells. */
export const typedTableSchema = z.strictObject({
  columns: z.array(typedColumnSchema),
  patients: z.array(z.string()),
});
export type TypedTableData = z.infer<typeof typedTableSchema>;

/** The files of an artifact that holds a typed table. */
export function typedTableFiles({
  columns,
  patients,
  cells,
}: TypedTable): Record<string, Uint8Array | object> {
  return {
    [tableFile]: { columns, patients } satisfies { columns: unknown; patients: unknown },
    [cellsFile]: new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength),
  };
}

/** @throws HafError HAF_STORE_CORRUPT if the size of the cells does not match columns and patients */
export function readTypedTable(artifact: Pick<Artifact, 'id' | 'json' | 'bytes'>): TypedTable {
  const { columns, patients } = artifact.json(tableFile, typedTableSchema);
  const bytes = artifact.bytes(cellsFile);
  const expected = columns.length * patients.length * Float64Array.BYTES_PER_ELEMENT;
  if (bytes.byteLength !== expected)
    throw new HafError(
      'HAF_STORE_CORRUPT',
      `${cellsFile} of artifact ${artifact.id} has ${bytes.byteLength} bytes where its table needs ${expected}.`,
      'Delete the artifact; the next run computes it again.',
    );
  // A Float64Array cannot view bytes at an unaligned offset, so they are copied.
  const cells = bytes.byteOffset % Float64Array.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return {
    columns,
    patients,
    cells: new Float64Array(cells.buffer, cells.byteOffset, columns.length * patients.length),
  };
}
