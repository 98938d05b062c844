import type { Preflight } from '../../operators/preflight/preflight.js';
import { csvText } from '../core/csv.js';
import { fileReport, filesCsv } from '../sources/file-report.js';
import type { PreparedRun } from './prepare.js';

/**
 * Writes how the data were read: `files.csv`, which modality uses each file of the data folder or why none does;
 * `joins.csv`, how the ids of each modality matched those of the outcome table; `columns.csv`, the kind of every
 * column, whether it was declared or inferred, and why a column is not used as an input.
 */
export async function writeChecks(
  { config, dataRoot, directory, files, lost }: PreparedRun,
  { joins, tables, outcome, warnings }: Preflight,
): Promise<void> {
  const known = new Set([...outcome.patients.map(({ id }) => id), ...outcome.unlabelled]);
  const report = await fileReport(config, dataRoot, files, known, [...warnings, ...lost]);
  directory.write('files.csv', filesCsv(report));
  directory.write(
    'joins.csv',
    csvText(
      [
        'modality',
        'kind',
        'place',
        'files',
        'patients',
        'with_outcome',
        'without_outcome',
        'outcome_only',
        'examples',
      ],
      joins.map(({ modality, kind, place, files, patients, matched, without, unmatched }) => [
        ...[modality, kind, place, files, patients, matched, patients - matched, without],
        unmatched.map(({ id }) => id).join(' '),
      ]),
    ),
  );
  directory.write(
    'columns.csv',
    csvText(
      ['modality', 'column', 'kind', 'declared', 'categories', 'note'],
      tables.flatMap(({ modality, table, left }) => [
        ...table.columns.map(({ name, kind, inferred, categories = [], note }) => [
          ...[modality, name, kind, inferred ? 'inferred' : 'declared'],
          categories.join(' | '),
          note,
        ]),
        ...left.map(({ column, reason }) => [modality, column, 'left out', '', '', reason]),
      ]),
    ),
  );
}
