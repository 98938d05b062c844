import { CsvError, parse, type Info } from 'csv-parse/sync';
import { patientId, type PatientId } from '../../pipeline/core/patient-id.js';
import type { TableFault } from './table-fault.js';

const idColumn = 'patient_id';

/** One patient's row; `cells` are trimmed texts in the order of the table's columns, '' where nothing is written. */
export interface CsvRow {
  readonly line: number;
  readonly patient: PatientId;
  readonly cells: readonly string[];
}

/** A CSV file with one row per patient. Rows with a fault are left out of `rows`. */
export interface CsvTable {
  /** Names of the columns, without patient_id. */
  readonly columns: readonly string[];
  readonly rows: readonly CsvRow[];
  readonly faults: readonly TableFault[];
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: Info;
}

/**
 * Reads a comma-separated table whose rows are keyed by `patient_id` (method.md 1.1). Nothing is thrown: what is
 * wrong - no header, no id column, nameless or repeated columns, ragged rows, ids without digits, a patient
 * twice - comes back as faults with line numbers, so that one run shows the faults of all files.
 *
 * @param file - name for the faults
 */
export function readCsvTable(file: string, text: string): CsvTable {
  const fault = (line: number | null, column: string | null, problem: string): TableFault => ({
    file,
    line,
    column,
    problem,
  });
  let records: CsvRecord[];
  try {
    records = parse(text, {
      bom: true,
      info: true,
      relax_column_count: true, // ragged rows become faults instead of ending the parse at the first one
      skip_empty_lines: true,
      trim: true,
    }) as unknown as CsvRecord[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { columns: [], rows: [], faults: [fault(null, null, error.message)] };
  }
  const [header, ...body] = records;
  if (header === undefined)
    return { columns: [], rows: [], faults: [fault(null, null, 'the file is empty')] };
  const headerFaults = faultsOfHeader(header.record).map((problem) =>
    fault(header.info.lines, null, problem),
  );
  if (headerFaults.length > 0) return { columns: [], rows: [], faults: headerFaults };
  if (body.length === 0)
    return { columns: [], rows: [], faults: [fault(null, null, 'no row stands below the header')] };
  const { rows, faults } = readRows(header.record, body, fault);
  return { columns: header.record.filter((name) => name !== idColumn), rows, faults };
}

function faultsOfHeader(names: readonly string[]): readonly string[] {
  const problems: string[] = [];
  if (!names.includes(idColumn)) {
    const separator =
      names.length === 1 && /[;\t]/.test(names[0] ?? '') ? '; columns must be separated by commas' : '';
    problems.push(
      `no column "${idColumn}"; found ${names.map((name) => `"${name}"`).join(', ')}${separator}`,
    );
  }
  if (names.length === 1 && names[0] === idColumn) problems.push(`no column besides "${idColumn}"`);
  names.forEach((name, at) => {
    if (name === '') problems.push(`column ${at + 1} has no name`);
    else if (names.indexOf(name) < at) problems.push(`column "${name}" appears twice`);
  });
  return problems;
}

function readRows(
  names: readonly string[],
  body: readonly CsvRecord[],
  fault: (line: number, column: string | null, problem: string) => TableFault,
): Pick<CsvTable, 'rows' | 'faults'> {
  const idAt = names.indexOf(idColumn);
  const firstLine = new Map<PatientId, number>();
  const rows: CsvRow[] = [];
  const faults: TableFault[] = [];
  for (const { record, info } of body) {
    const line = info.lines;
    if (record.length !== names.length) {
      faults.push(fault(line, null, `${record.length} cells where the header has ${names.length}`));
      continue;
    }
    const raw = record[idAt] ?? '';
    const patient = patientId(raw);
    const earlier = patient === null ? undefined : firstLine.get(patient);
    if (patient === null) faults.push(fault(line, idColumn, `"${raw}" has no digits`));
    else if (earlier !== undefined)
      faults.push(fault(line, idColumn, `"${raw}" is patient ${patient}, who is in line ${earlier} already`));
    else {
      firstLine.set(patient, line);
      rows.push({ line, patient, cells: record.filter((_, at) => at !== idAt) });
    }
  }
  return { rows, faults };
}
