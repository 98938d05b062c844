import { posix } from 'node:path';
import { stemOf } from '../../pipeline/core/file-name.js';
import { columnOfIds, findIdColumns, type IdColumn } from './id-columns.js';
import type { PatientFileTable } from './name-rules.js';
import { countsOf, type SurveyTable } from './survey-table.js';

/** A table that says which patient a file belongs to, with its columns. */
export interface FoundFileTable {
  readonly table: SurveyTable;
  readonly rule: PatientFileTable;
}

/** Minimum fraction of the distinct values of a column that must name a file. */
const leastNamed = 0.5;

/**
 * The tables that say which patient a file belongs to: one column holds names of existing files; another column holds
 * the ids of other tables, or, if there is no other table, unique ids.
 *
 * @param files - paths relative to the data folder
 */
export function fileTables(
  tables: readonly SurveyTable[],
  files: readonly string[],
): readonly FoundFileTable[] {
  const spellings = new Set(
    files.flatMap((file) => [file, posix.basename(file), stemOf(file)]).map((text) => text.normalize('NFC')),
  );
  if (spellings.size === 0) return [];
  return tables.flatMap((table): FoundFileTable[] => {
    const column = table.columns.findIndex((_, at) => namesFiles(table.texts(at), spellings));
    if (column < 0) return [];
    const others = findIdColumns(
      tables.filter((one) => one !== table),
      new Set(),
    );
    const known = new Set([...others.values()].flatMap(({ ids }) => ids));
    const id = columnOfIds(table, known, column) ?? ownIds(table, column, spellings);
    return id === null ? [] : [{ table, rule: ruleOf(table, column, id) }];
  });
}

function namesFiles(texts: readonly string[], spellings: ReadonlySet<string>): boolean {
  const distinct = [...countsOf(texts).keys()];
  return (
    distinct.length > 1 &&
    distinct.filter((text) => spellings.has(text)).length >= leastNamed * distinct.length
  );
}

function ownIds(table: SurveyTable, column: number, names: ReadonlySet<string>): IdColumn | null {
  const id = findIdColumns([table], names).get(table);
  return id === undefined || id.column === column ? null : id;
}

const ruleOf = (table: SurveyTable, column: number, id: IdColumn): PatientFileTable => ({
  table: table.file,
  file: table.columns[column] ?? '',
  id: id.name,
  patientOf: new Map(
    table.texts(column).flatMap((file, row) => (file === '' ? [] : [[file, id.ids[row] ?? ''] as const])),
  ),
});
