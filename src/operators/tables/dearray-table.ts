import { readFileSync } from 'node:fs';
import { faultsError, type TableFault } from './table-fault.js';
import { readTextTable, type TextTable } from './text-table.js';

/** A unit of a length on a slide. */
export type LengthUnit = 'px' | 'um';

/** A core, as one row of a dearray table describes it. A dearray table lists the cores of a tissue microarray. */
export interface DearrayRow {
  readonly table: string;
  readonly line: number;
  /** The text in the column of the slide. Null if the table has no such column. */
  readonly slide: string | null;
  readonly name: string;
  /** The middle of the core, in the unit `at`. */
  readonly x: number;
  readonly y: number;
  readonly at: LengthUnit;
  readonly width: number;
  readonly height: number;
  readonly size: LengthUnit;
  /** The patient, as the table writes it. Empty if the row has no patient. */
  readonly patient: string;
  /** Whether the table marks the core as missing: there is no tissue. */
  readonly missing: boolean;
}

export interface DearrayOptions {
  /** Name of the file, for messages. */
  readonly name: string;
  readonly missing: readonly string[];
  /** Further names of the column that holds the patient, besides those that QuPath writes. */
  readonly id: readonly string[];
  /** The unit of columns whose header states no unit. */
  readonly unit: LengthUnit | null;
  /** Diameter in millimetres of cores for which the table states none. */
  readonly diameterMm: number | null;
  /** The key of the experiment that holds the unit and the diameter, for messages. */
  readonly key: string;
}

/**
 * A column name in a form for comparison: only letters and digits, with "u" for micro. Then "x (µm)" and "x_um" are
 * equal.
 */
const plain = (header: string): string =>
  header
    .normalize('NFC')
    .toLowerCase()
    .replace(/[µμ]/g, 'u')
    .replace(/[^a-z0-9]/g, '');

const units: Readonly<Record<string, LengthUnit>> = {
  ...{ px: 'px', pixel: 'px', pixels: 'px' },
  ...{
    um: 'um',
    micron: 'um',
    microns: 'um',
    micrometre: 'um',
    micrometres: 'um',
    micrometer: 'um',
    micrometers: 'um',
  },
};
const unitPattern = Object.keys(units)
  .sort((a, b) => b.length - a.length)
  .join('|');
const lengthOf = (names: string): RegExp => new RegExp(`^(?:${names})(${unitPattern})?$`);

/** Known names of the columns, in the form that `plain` gives them. */
const columnsOf = {
  slide: /^(image|imagename|slide|file|filename)$/,
  patient: /^(caseid|uniqueid|patient|patientid)$/,
  missing: /^missing$/,
  x: lengthOf('x|centroidx|centerx|centrex'),
  y: lengthOf('y|centroidy|centery|centrey'),
  diameter: lengthOf('diameter|corediameter'),
} as const;
const nameColumns = ['Name', 'name', 'Core', 'core', 'Core name', 'core_name', 'core_id'];

interface Found {
  readonly at: number;
  readonly header: string;
  readonly unit: LengthUnit | null;
}

/**
 * Finds the columns of a table by the quantity that they hold. Two columns that may hold the same quantity are a fault.
 */
class Columns {
  readonly faults: TableFault[] = [];

  constructor(
    private readonly table: Pick<TextTable, 'file' | 'columns'>,
    private readonly options: DearrayOptions,
  ) {}

  find(what: keyof typeof columnsOf, own: readonly string[] = []): Found | null {
    const { columns } = this.table;
    const exact = columns.filter((column) => own.includes(column));
    const fitting =
      exact.length > 0 ? exact : columns.filter((column) => columnsOf[what].test(plain(column)));
    if (fitting.length > 1)
      this.fault(`${fitting.map((column) => `"${column}"`).join(' and ')} may both be the ${what}: keep one`);
    const [header] = fitting;
    if (header === undefined) return null;
    const said = columnsOf[what].exec(plain(header))?.[1];
    return { at: columns.indexOf(header), header, unit: said === undefined ? null : (units[said] ?? null) };
  }

  /**
   * A column of lengths and its unit. A missing column is a fault if it is needed. A column without a unit is a fault.
   */
  length(
    what: 'x' | 'y' | 'diameter',
    needed: boolean,
  ): { readonly at: number; readonly unit: LengthUnit } | null {
    const found = this.find(what);
    const { unit, key } = this.options;
    if (found === null) {
      if (needed)
        this.fault(`it has no column "${what}_px", "${what}_um" or "Centroid ${what.toUpperCase()} µm"`);
      return null;
    }
    if (found.unit !== null && unit !== null && found.unit !== unit)
      this.fault(`column "${found.header}" says ${found.unit}, and ${key}.unit says ${unit}`);
    const known = found.unit ?? unit;
    if (known === null)
      this.fault(
        `column "${found.header}" does not say its unit: call it "${what}_px" or "${what}_um", or set ${key}.unit to px or um`,
      );
    return known === null ? null : { at: found.at, unit: known };
  }

  fault(problem: string): void {
    this.faults.push({ file: this.table.file, line: 1, column: null, problem });
  }
}

const yes = ['true', 'yes', '1'];
const no = ['false', 'no', '0', ''];

/**
 * Reads where the cores of a tissue microarray lie: a measurement export of QuPath for TMA cores, its TMA data (`.qptma`), or any table
 * with a name, x, y, a diameter and a patient for each core. Units are those of the header or of the experiment, never guessed.
 *
 * @throws HafError HAF_TABLE_INVALID with all faults and their lines
 */
export async function readDearrayTable(
  path: string,
  options: DearrayOptions,
): Promise<readonly DearrayRow[]> {
  const text = /\.qptma$/i.test(path) ? readFileSync(path, 'utf8') : null;
  const rows = text === null ? await tableRows(path, options) : qupathRows(text, options);
  const faults = [...twice(rows)];
  if (faults.length > 0) throw faultsError(faults);
  return rows;
}

async function tableRows(path: string, options: DearrayOptions): Promise<readonly DearrayRow[]> {
  const { name } = options;
  const table = await readTextTable(path, {
    ...{ name, missing: options.missing, id: nameColumns, onePerPatient: false, idsMayDiffer: true },
    patientOf: (raw) => raw.trim().normalize('NFC') || null,
  });
  if (table.faults.length > 0) throw faultsError(table.faults);
  const columns = new Columns(table, options);
  const [x, y] = [columns.length('x', true), columns.length('y', true)];
  const diameter = columns.length('diameter', false);
  const { diameterMm, key } = options;
  if (diameter === null && diameterMm === null)
    columns.fault(`it has no column "diameter_px" or "diameter_um": add one, or set ${key}.diameterMm`);
  if (x !== null && y !== null && x.unit !== y.unit) columns.fault('x and y have different units');
  const [slide, patient, missing] = [
    columns.find('slide'),
    columns.find('patient', options.id),
    columns.find('missing'),
  ];
  if (patient === null)
    columns.fault(
      `it has no column of patients: "Case ID" as in QuPath, or ${options.id.map((id) => `"${id}"`).join(' or ')}`,
    );
  if (columns.faults.length > 0 || x === null || y === null) throw faultsError(columns.faults);
  const faults: TableFault[] = [];
  const rows = table.patients.map((core, row): DearrayRow => {
    const line = table.lines[row] ?? 0;
    const fault = (column: number, problem: string): void =>
      void faults.push({ file: name, line, column: table.columns[column] ?? null, problem });
    const word = missing === null ? '' : table.written(row, missing.at).toLowerCase();
    if (missing !== null && !yes.includes(word) && !no.includes(word))
      fault(missing.at, `"${word}" is neither true nor false`);
    const isMissing = yes.includes(word);
    const length = (column: number, positive: boolean): number => {
      const value = table.number(row, column);
      if (!isMissing && !(Number.isFinite(value) && (!positive || value > 0)))
        fault(
          column,
          `"${table.written(row, column)}" is no ${positive ? 'length above zero' : 'place on a slide'}`,
        );
      return value;
    };
    const side = diameter === null ? (diameterMm ?? NaN) * 1000 : length(diameter.at, true);
    return {
      ...{ table: name, line, name: core, at: x.unit, size: diameter?.unit ?? 'um' },
      ...{ x: length(x.at, false), y: length(y.at, false), width: side, height: side },
      slide: slide === null ? null : table.text(row, slide.at).normalize('NFC'),
      patient: patient === null ? '' : table.text(row, patient.at),
      missing: isMissing,
    };
  });
  if (faults.length > 0) throw faultsError(faults);
  return rows;
}

/** The header of TMA data that QuPath writes. The row of a core without a position has fewer cells. */
const qupathHeader = /^Core name\tX\tY\tWidth\tHeight\tPresent\t(Unique ID|Case ID)\s*$/;

/** Reads TMA data of QuPath. X and Y are the upper left corner of the box of a core, in pixels. */
function qupathRows(text: string, { name, missing }: DearrayOptions): readonly DearrayRow[] {
  const lines = text.split(/\r?\n/);
  const header = lines.findIndex((line) => qupathHeader.test(line));
  const refuse = (line: number | null, problem: string): TableFault => ({
    file: name,
    line,
    column: null,
    problem,
  });
  if (header < 0)
    throw faultsError([
      refuse(
        null,
        'it has no line "Core name, X, Y, Width, Height, Present", so it is no TMA data of QuPath',
      ),
    ]);
  const faults: TableFault[] = [];
  const rows = lines.slice(header + 1).flatMap((text, i): DearrayRow[] => {
    if (text.trim() === '') return [];
    const line = header + i + 2;
    const [core = '', ...cells] = text.split('\t').map((cell) => cell.trim());
    const [x = NaN, y = NaN, width = NaN, height = NaN] = cells
      .slice(0, 4)
      .map((cell) => (cell === '' ? NaN : Number(cell)));
    const present = (cells[4] ?? '').toLowerCase();
    const placed = [x, y, width, height].every(Number.isFinite);
    if (present === 'true' && !(placed && width > 0 && height > 0))
      faults.push(refuse(line, 'the core has no place'));
    if (!['true', 'false', ''].includes(present))
      faults.push(refuse(line, `"${cells[4] ?? ''}" is neither true nor false`));
    const patient = (cells[5] ?? '').normalize('NFC');
    return [
      {
        ...{
          table: name,
          line,
          slide: null,
          name: core.normalize('NFC'),
          at: 'px',
          size: 'px',
          width,
          height,
        },
        ...{ x: x + width / 2, y: y + height / 2, missing: present !== 'true' },
        patient: missing.some((word) => word.toLowerCase() === patient.toLowerCase()) ? '' : patient,
      },
    ];
  });
  if (faults.length > 0) throw faultsError(faults);
  return rows;
}

/**
 * Faults of two cores on one slide with the same name: rows, pictures and tiles of the two could not be distinguished.
 */
function twice(rows: readonly DearrayRow[]): readonly TableFault[] {
  const first = new Map<string, DearrayRow>();
  return rows.flatMap((row): TableFault[] => {
    if (row.missing) return [];
    const key = JSON.stringify([row.slide, row.name]);
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, row);
    return earlier === undefined
      ? []
      : [
          {
            ...{ file: row.table, line: row.line, column: null },
            problem: `core "${row.name}"${row.slide === null ? '' : ` of "${row.slide}"`} is listed twice, in line ${earlier.line} already`,
          },
        ];
  });
}
