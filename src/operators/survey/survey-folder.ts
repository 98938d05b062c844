import { join } from 'node:path';
import { stemOf } from '../../pipeline/core/file-name.js';
import { arraysOf, draftBag, type BagDraft } from './bag-draft.js';
import { doubles, fileGroups } from './file-groups.js';
import { fileTables } from './file-tables.js';
import { findIdColumns, hasIdsInHeader, type IdColumn } from './id-columns.js';
import { idNamesOf } from './id-names.js';
import { leftFiles, unusableTable } from './left-files.js';
import { ModalityNames } from './modality-names.js';
import { draftOutcome, type OutcomeDraft } from './outcome-draft.js';
import { readTables, type LeftFile } from './read-tables.js';
import { tableName, type SurveyTable } from './survey-table.js';
import { draftTable, type TableDraft } from './table-draft.js';

/** The content of a folder, as an experiment would declare it. */
export interface FolderSurvey {
  /** Names of the id column. The name in the outcome table comes first. */
  readonly idNames: readonly string[];
  readonly outcome: OutcomeDraft;
  readonly tables: readonly (TableDraft & { readonly modality: string; readonly ownId: boolean })[];
  readonly bags: readonly (BagDraft & { readonly modality: string; readonly ownId: boolean })[];
  /** Files that do not become a modality, with the reasons. */
  readonly left: readonly LeftFile[];
}

/**
 * Examines a folder about which nothing is known: tables and their id columns, an outcome, files of features and
 * slides, and how their names give the patient. Nothing is trained or written. A file that cannot be read is listed in
 * `left` and is no error.
 *
 * @param names - all files, as paths relative to the folder with "/"
 */
export async function surveyFolder(root: string, names: readonly string[]): Promise<FolderSurvey> {
  const { tables, left } = await readTables(root, names);
  const groups = fileGroups(names);
  const files = groups.flatMap((group) => group.files);
  const arrays = groups.flatMap((group) =>
    group.kind === 'features' ? (arraysOf(root, group.files) ?? []) : [],
  );
  const known = new Set([...files.map((file) => stemOf(file).normalize('NFC')), ...arrays]);
  const ofFiles = fileTables(tables, files);
  const lists = new Set(ofFiles.map(({ table }) => table));
  const perPatient = (some: readonly SurveyTable[]): ReadonlyMap<SurveyTable, IdColumn> =>
    findIdColumns(some, known);
  // A table that says which patient a file belongs to also becomes a modality, if it has one row per patient and holds
  // the outcome.
  const all = perPatient(tables);
  const ids = perPatient(tables.filter((table) => !lists.has(table)));
  const outcome = draftOutcome(ids.size > 0 ? ids : all, all);
  const home = outcome.chosen?.table;
  const ordered = [
    ...ids.values(),
    ...(home !== undefined && !ids.has(home) ? [outcome.chosen?.id].filter((id) => id !== undefined) : []),
  ];
  ordered.sort((a, b) => Number(b.table === home) - Number(a.table === home));

  const patients =
    outcome.known.patients.size > 0 ? outcome.known.patients : new Set(ordered.flatMap((id) => id.ids));
  const modalityNames = new ModalityNames();
  const reasons: LeftFile[] = [...left];
  const drafts: (TableDraft & { readonly modality: string })[] = [];
  for (const id of ordered) {
    const draft = await draftTable(join(root, id.table.file), id, outcome.known);
    const { sheet, file } = id.table;
    if ('left' in draft)
      reasons.push({
        file: tableName(id.table),
        reason: hasIdsInHeader(id.table, patients) ? unusableTable(id.table, patients) : draft.left,
      });
    else drafts.push({ ...draft, modality: modalityNames.table(sheet ?? stemOf(file)) });
  }
  for (const table of tables)
    if (!ids.has(table) && !lists.has(table))
      reasons.push({ file: tableName(table), reason: unusableTable(table, patients) });

  const bags: (BagDraft & { readonly modality: string })[] = [];
  const twice = doubles(groups);
  for (const group of groups) {
    const same = twice.get(group);
    const draft =
      same === undefined
        ? await draftBag(
            root,
            group,
            patients,
            ofFiles.map(({ rule }) => rule),
          )
        : { left: `the files have the same names as those of ${same.glob}, which are used` };
    if ('left' in draft) reasons.push({ file: group.glob, reason: draft.left });
    else bags.push({ ...draft, modality: modalityNames.bag(draft.folder, draft.onlyStem) });
  }
  const used = bags.flatMap(({ fit }) => (fit.rule.by === 'table' ? [fit.rule.table] : []));
  for (const { table } of ofFiles)
    if (table !== home && !used.includes(table.file))
      reasons.push({
        file: tableName(table),
        reason: 'it names files, but another rule gives the patient for more of them',
      });
  const isUsed = ({ table }: IdColumn): boolean =>
    drafts.some(({ file, sheet }) => file === table.file && sheet === table.sheet);
  const idNames = idNamesOf(outcome.chosen?.id ?? ordered[0] ?? null, ordered.filter(isUsed));
  const ownId = (headers: readonly string[]): boolean =>
    headers.filter((name) => idNames.includes(name)).length !== 1;
  const columnsOf = (file: string, sheet: string | null): readonly string[] =>
    tables.find((table) => table.file === file && table.sheet === sheet)?.columns ?? [];
  return {
    idNames,
    outcome,
    tables: drafts.map((draft) => ({ ...draft, ownId: ownId(columnsOf(draft.file, draft.sheet)) })),
    bags: bags.map((draft) => ({
      ...draft,
      ownId: draft.fit.rule.by === 'table' && ownId(columnsOf(draft.fit.rule.table, null)),
    })),
    left: [...reasons, ...leftFiles(names)],
  };
}
