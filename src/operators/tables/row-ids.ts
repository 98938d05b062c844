import type { TableFault } from './table-fault.js';
import type { CellGrid } from './cell-grid.js';
import { collapsed } from './collapse-faults.js';

export interface RowIds {
  /** Rows with a usable id, in file order. */
  readonly rows: readonly number[];
  readonly patients: readonly string[];
  /** The text of each id, as the file writes it. */
  readonly written: readonly string[];
  readonly faults: readonly TableFault[];
}

export interface RowIdOptions {
  readonly file: string;
  readonly column: number;
  readonly columnName: string;
  readonly rows: readonly number[];
  /** Converts a text to an id. Null if it is not an id. */
  readonly patientOf: (raw: string) => string | null;
  /** Whether a patient may have only one row. */
  readonly onePerPatient: boolean;
  /** Whether ids that differ only in case, in blanks, or as `12.0` from `12` are allowed. */
  readonly idsMayDiffer: boolean;
}

/**
 * Reads the ids of all rows. Faults: a row without an id, an id in scientific notation, a patient in two rows, and two ids that
 * differ only in case, in blanks, or as `12.0` differs from `12`. Such ids are most likely one patient written in two ways.
 */
export function readRowIds(grid: CellGrid, options: RowIdOptions): RowIds {
  const { file, column, columnName, patientOf } = options;
  const fault = (line: number, problem: string): TableFault => ({ file, line, column: columnName, problem });
  const faults: Record<'absent' | 'unfit' | 'twice' | 'alike', TableFault[]> = {
    ...{ absent: [], unfit: [], twice: [], alike: [] },
  };
  const lineOf = new Map<string, number>();
  const rawOf = new Map<string, string>();
  const alikeOf = new Map<string, string>();
  const rows: number[] = [];
  const patients: string[] = [];
  const written: string[] = [];
  for (const row of options.rows) {
    const line = grid.line(row);
    const raw = grid.text(row, column);
    const unfit = grid.idProblem?.(row, column) ?? scientific(raw);
    const patient = patientOf(raw);
    if (unfit !== null) faults.unfit.push(fault(line, unfit));
    else if (patient === null)
      faults.absent.push(fault(line, raw === '' ? 'the row has values but no id' : `"${raw}" is not an id`));
    else {
      const earlier = lineOf.get(patient);
      if (earlier !== undefined && options.onePerPatient)
        faults.twice.push(
          fault(line, twice(patient, earlier, rawOf.get(patient) ?? patient, raw.trim().normalize('NFC'))),
        );
      else {
        rows.push(row);
        patients.push(patient);
        written.push(raw);
      }
      if (earlier === undefined) {
        lineOf.set(patient, line);
        rawOf.set(patient, raw.trim().normalize('NFC'));
        const key = looseKey(patient);
        const other = alikeOf.get(key);
        if (other === undefined) alikeOf.set(key, patient);
        else if (!options.idsMayDiffer)
          faults.alike.push(
            fault(
              line,
              `"${patient}" looks like "${other}" of line ${lineOf.get(other) ?? 0}: write one patient's id the same way everywhere`,
            ),
          );
      }
    }
  }
  const decimal = options.idsMayDiffer ? null : decimalIds(patients);
  const decimals = decimal === null ? [] : [{ file, line: null, column: columnName, problem: decimal }];
  return {
    rows,
    patients,
    written,
    faults: [
      ...decimals,
      ...[faults.unfit, faults.absent, faults.twice, faults.alike].flatMap((some) => collapsed(some)),
    ],
  };
}

/** A spreadsheet shows and saves a long id as 2.023E+17. Then the digits that distinguish patients are lost. */
const scientific = (raw: string): string | null =>
  /^\s*[+-]?\d+(?:[.,]\d+)?e\+\d+\s*$/i.test(raw)
    ? `"${raw.trim()}" is a number in scientific notation, in which the last digits of an id are lost: format the column as text and export it again`
    : null;

/** Two different texts with one id may be two patients, which only the user can decide. */
const twice = (patient: string, line: number, first: string, second: string): string =>
  first === second
    ? `patient "${patient}" is in line ${line} already`
    : `"${second}" and "${first}" of line ${line} would both be patient "${patient}"`;

/** A key for comparison. It is equal for ids that a person would take for the same id. */
const looseKey = (id: string): string =>
  id
    .toLowerCase()
    .replace(/\s+/g, '')
    .replace(/^(\d+)\.0+$/, '$1');

/** pandas writes whole numbers as 12.0 if one of them was missing. Such an id matches no other file. */
function decimalIds(patients: readonly string[]): string | null {
  if (patients.length === 0 || !patients.every((id) => /^\d+\.0+$/.test(id))) return null;
  return `the ids are written as decimal numbers ("${patients[0] ?? ''}"); write them as the other files do, as whole numbers or text`;
}
