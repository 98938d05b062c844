import { posix } from 'node:path';
import { syntheticMarkerFile } from '../../pipeline/core/synthetic-marker.js';
import { columnOfIds, hasIdsInHeader, mostRows } from './id-columns.js';
import type { LeftFile } from './read-tables.js';
import type { SurveyTable } from './survey-table.js';

/** Why a table without a unique id column cannot be used. */
export function unusableTable(table: SurveyTable, patients: ReadonlySet<string>): string {
  if (hasIdsInHeader(table, patients))
    return 'the ids are in the header: transpose the table, so that each patient is a row';
  const id = columnOfIds(table, patients, null);
  if (id !== null)
    return `column "${id.name}" holds ids, but one patient has up to ${mostRows(id)} rows: a table has one row per patient`;
  return 'no column holds ids that are unique and occur in other files';
}

/**
 * Files that are neither tables nor bags, with the reasons, because users may ask about them: split files, the marker
 * file of invented patients, and files of unsupported formats.
 */
export function leftFiles(names: readonly string[]): readonly LeftFile[] {
  return names.flatMap((file): LeftFile[] => {
    const base = posix.basename(file);
    if (base === syntheticMarkerFile) return [{ file, reason: 'it marks the patients as invented' }];
    if (/\.json$/i.test(base) && /split|fold/i.test(base))
      return [
        {
          file,
          reason: 'a split file, which is not used: folds are drawn. To use it, name it in data.splits',
        },
      ];
    if (/\.(xls|sav|dta|rds|rdata|feather|pkl|gz|zip|sas7bdat)$/i.test(base))
      return [{ file, reason: 'this format is not read: save it as .csv, .xlsx or .parquet' }];
    return [];
  });
}

const splitWords = /^(train(ing)?|test(ing)?|val(id|idation)?|dev|tune|holdout)$/i;

/** Whether a column assigns patients to training and test. */
export const isSplit = (values: readonly string[]): boolean =>
  values.length > 1 && values.every((value) => splitWords.test(value));
