import type { Problem } from '../../pipeline/core/problem.js';
import type { Unit } from '../../pipeline/stage.js';
import { counted, listed, quoted } from '../../pipeline/core/wording.js';
import { collapsed } from './collapse-faults.js';
import { withoutFile } from './file-table.js';
import { ownName, slideNames } from './slide-names.js';
import { faultsError, type TableFault } from './table-fault.js';
import { readTextTable, type TextTable } from './text-table.js';

/** Facts about a slide that the user supplies because the slide file lacks them. */
export type SlideSettings = Pick<Unit, 'mpp' | 'keepIds' | 'excludeIds'>;

/** The table that `slideTable` of a modality names. Its rows are matched with the slide files. */
export interface SlideTable {
  /** The settings for a slide, by its path relative to the data folder. */
  readonly of: (file: string) => SlideSettings;
  /** Warnings of rows that are not used, and of rows without settings. */
  readonly warnings: readonly Problem[];
}

const fileColumn = 'file';
const settingColumns = ['mpp', 'keep_ids', 'exclude_ids'] as const;

interface Row {
  readonly file: string;
  readonly line: number;
  readonly settings: SlideSettings;
}

/**
 * Reads the slide table (`data.modalities.<name>.slideTable`): a table of any format with a column `file` - a path relative to the
 * data folder, a file name or its stem - and any of `mpp` (micrometres per level-0 pixel), `keep_ids`, `exclude_ids` (contours,
 * counted from 0, separated by blanks or semicolons). Other columns are ignored. `./`, Windows separators, the case of the ending and
 * the Unicode form of a name do not matter if only one slide matches.
 *
 * @param files - paths of the slides relative to the data folder
 * @throws HafError HAF_TABLE_INVALID with all faults and their lines
 */
export async function readSlideTable(
  path: string,
  options: { readonly name: string; readonly missing: readonly string[] },
  files: readonly string[],
): Promise<SlideTable> {
  // The column of files takes the place of the id column. A row without a file is a warning.
  const table = await readTextTable(path, {
    ...{ ...options, id: [fileColumn], onePerPatient: false },
    patientOf: (raw) => raw.trim().normalize('NFC'),
    idsMayDiffer: true,
  });
  if (table.faults.length > 0) throw faultsError(table.faults);
  const faults: TableFault[] = [];
  const rows = rowsOf(table, faults);
  const named = rows.filter(({ file }) => file !== '');
  faults.push(...twice(table.file, named));
  if (faults.length > 0) throw faultsError(faults);
  const { rowOf, unmatched } = slideNames(named, files);
  return {
    of: (file) => rowOf.get(file)?.settings ?? {},
    warnings: [
      ...without(options.name, rows),
      ...unmatched.map((row) => noSlide(options.name, row)),
      ...silent(options.name, named),
    ],
  };
}

const without = (name: string, rows: readonly Row[]): readonly Problem[] => {
  const empty = rows.filter(({ file }) => file === '').map(({ line }) => ({ line }));
  return empty.length === 0 ? [] : [{ ...withoutFile(name, fileColumn, empty), stage: 'tile' }];
};

const noSlide = (name: string, { file, line }: Row): Problem => ({
  ...{ severity: 'warning', stage: 'tile', patient: null, file: name, place: `line ${line}` },
  reason: `No slide is called "${file}", so this row is not used.`,
  fix: 'Write the path of the slide below the data folder, its name, or its name without ending.',
});

/**
 * A warning of rows without any setting. Without the warning, a user would not notice that a slide of unknown scale
 * keeps the default scale.
 */
function silent(name: string, rows: readonly Row[]): readonly Problem[] {
  const empty = rows.filter(({ settings }) => Object.keys(settings).length === 0);
  if (empty.length === 0) return [];
  const some = empty.slice(0, 10).map(({ line }) => `${line}`);
  const more = empty.length > some.length ? [counted(empty.length - some.length, 'more line')] : [];
  return [
    {
      ...{ severity: 'info', stage: 'tile', patient: null, file: name, place: null },
      reason: `${counted(empty.length, 'row')} with nothing in ${listed(settingColumns)}: line ${listed([...some, ...more])}.`,
      fix: 'Fill in what the slides do not say themselves, or remove the rows.',
    },
  ];
}

const twice = (file: string, rows: readonly Row[]): readonly TableFault[] => {
  const first = new Map<string, Row>();
  const faults: TableFault[] = [];
  for (const row of rows) {
    const name = ownName(row.file);
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, row);
    else
      faults.push({
        ...{ file, line: row.line, column: fileColumn },
        problem: `"${row.file}" is listed twice, in line ${earlier.line} already`,
      });
  }
  return collapsed(faults);
};

/** @param faults - receives faults of cells and of the header */
function rowsOf(table: TextTable, faults: TableFault[]): readonly Row[] {
  const at = settingColumns.map((column) => table.columns.indexOf(column));
  if (at.every((column) => column < 0))
    faults.push({
      ...{ file: table.file, line: 1, column: null },
      problem: `a slide table needs one of the columns ${quoted(settingColumns)}; found ${quoted([fileColumn, ...table.columns])}`,
    });
  const fault = (row: number, column: string, problem: string): void =>
    void faults.push({ file: table.file, line: table.lines[row] ?? null, column, problem });
  return table.patients.map((file, row) => {
    const cell = (column: (typeof settingColumns)[number]): string => {
      const index = at[settingColumns.indexOf(column)] ?? -1;
      return index < 0 ? '' : table.text(row, index);
    };
    const ids = (column: 'keep_ids' | 'exclude_ids'): readonly number[] | null => {
      const list = cell(column)
        .split(/[\s;]+/)
        .filter((part) => part !== '');
      if (list.length === 0) return null;
      if (list.some((part) => !/^\d+$/.test(part)))
        fault(row, column, `"${cell(column)}" is not a list of whole numbers`);
      return list.map(Number);
    };
    const mppAt = at[0] ?? -1;
    const mpp = cell('mpp') === '' ? null : table.number(row, mppAt);
    if (mpp !== null && !(mpp > 0 && Number.isFinite(mpp)))
      fault(row, 'mpp', `"${cell('mpp')}" is not a positive number of micrometres`);
    const [keepIds, excludeIds] = [ids('keep_ids'), ids('exclude_ids')];
    const settings: SlideSettings = {
      ...(mpp === null ? {} : { mpp }),
      ...(keepIds === null ? {} : { keepIds }),
      ...(excludeIds === null ? {} : { excludeIds }),
    };
    return { file, line: table.lines[row] ?? 0, settings };
  });
}
