import { basename } from 'node:path';
import { CsvError, parse, type Info } from 'csv-parse/sync';
import { HafError } from '../core/errors.js';
import { stemOf } from '../core/file-name.js';
import type { Problem } from '../core/problem.js';
import type { Unit } from '../stage.js';

/** What the user says of a slide that the slide itself does not say. */
export type SlideSettings = Pick<Unit, 'mpp' | 'keepIds' | 'excludeIds'>;

const fileColumn = 'file';
const settingColumns = ['mpp', 'keep_ids', 'exclude_ids'] as const;

interface Row {
  readonly record: Readonly<Record<string, string>>;
  readonly info: Info;
}

/**
 * Reads the slide table (`data.modalities.<name>.slideTable`): a CSV with a column `file` - a path below the data folder, a file name
 * or its stem - and any of `mpp` (micrometres per level-0 pixel), `keep_ids`, `exclude_ids` (contours, counted from 0,
 * separated by blanks or semicolons). Other columns and empty cells are passed over.
 *
 * @returns what the table says of a slide, by its path below the data folder
 * @throws HafError HAF_TABLE_INVALID with all faults and their lines
 */
export function readSlideTable(name: string, text: string): (file: string) => SlideSettings {
  const rows = parseRows(name, text);
  const settings = new Map<string, SlideSettings>();
  const faults: string[] = [];
  for (const { record, info } of rows) {
    const file = record[fileColumn] ?? '';
    const fault = (what: string): void => void faults.push(`line ${info.lines}: ${what}`);
    if (file === '') fault('no file is named');
    else if (settings.has(file)) fault(`"${file}" is listed twice`);
    else settings.set(file, settingsOf(record, fault));
  }
  if (faults.length > 0) throw invalid(name, faults.join('; '));
  return (file) => settings.get(file) ?? settings.get(basename(file)) ?? settings.get(stemOf(file)) ?? {};
}

/** A warning for each row of a slide table that fits none of the slides: what the row says is not used. */
export function rowsWithoutSlide(name: string, text: string, files: readonly string[]): readonly Problem[] {
  const there = new Set(files.flatMap((file) => [file, basename(file), stemOf(file)]));
  return parseRows(name, text).flatMap(({ record, info }): Problem[] => {
    const file = record[fileColumn] ?? '';
    if (there.has(file)) return [];
    return [
      {
        ...{ severity: 'warning', stage: 'tile', patient: null, file: name, place: `line ${info.lines}` },
        reason: `No slide is called "${file}", so this row is not used.`,
        fix: 'Write the path of the slide below the data folder, its name, or its name without ending.',
      },
    ];
  });
}

function parseRows(name: string, text: string): readonly Row[] {
  let rows: readonly Row[];
  try {
    rows = parse(text, {
      bom: true,
      columns: true,
      info: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as readonly Row[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw invalid(name, error.message);
  }
  const columns = Object.keys(rows[0]?.record ?? {});
  if (!columns.includes(fileColumn) || !settingColumns.some((column) => columns.includes(column)))
    throw invalid(
      name,
      `it needs a column "${fileColumn}" and one of ${settingColumns.join(', ')}; found ${columns.join(', ') || 'none'}`,
    );
  return rows;
}

function settingsOf(record: Row['record'], fault: (what: string) => void): SlideSettings {
  const cell = (column: (typeof settingColumns)[number]): string => record[column] ?? '';
  const ids = (column: 'keep_ids' | 'exclude_ids'): readonly number[] | null => {
    const list = cell(column)
      .split(/[\s;]+/)
      .filter((part) => part !== '');
    if (list.length === 0) return null;
    if (list.some((part) => !/^\d+$/.test(part)))
      fault(`${column} "${cell(column)}" is no list of whole numbers`);
    return list.map(Number);
  };
  const mpp = cell('mpp') === '' ? null : Number(cell('mpp'));
  if (mpp !== null && !(mpp > 0 && Number.isFinite(mpp)))
    fault(`mpp "${cell('mpp')}" is no positive number of micrometres`);
  const [keepIds, excludeIds] = [ids('keep_ids'), ids('exclude_ids')];
  return {
    ...(mpp === null ? {} : { mpp }),
    ...(keepIds === null ? {} : { keepIds }),
    ...(excludeIds === null ? {} : { excludeIds }),
  };
}

const invalid = (name: string, what: string): HafError =>
  new HafError(
    'HAF_TABLE_INVALID',
    `The slide table ${name}: ${what}.`,
    'Correct it; a missing value is an empty cell.',
    { context: { file: name } },
  );
