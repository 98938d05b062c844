import type { Config } from '../../pipeline/config/schema.js';
import { groupColumn, outcomeTable, tableOf } from '../../pipeline/config/slots.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import { idColumnOf, idRuleOf } from '../../pipeline/core/naming.js';
import type { Problem } from '../../pipeline/core/problem.js';
import { counted, quoted, quotedFirst } from '../../pipeline/core/wording.js';
import type { SourceFile } from '../../pipeline/stage.js';
import { absentColumn } from '../tables/absent-column.js';
import type { TableFault } from '../tables/table-fault.js';
import { readTextTable, type TextTable, type TextTableOptions } from '../tables/text-table.js';

/** The group of each patient, from the column that `cv.group` names. */
export interface ReadGroups {
  readonly groups: ReadonlyMap<string, string>;
  readonly faults: readonly TableFault[];
}

interface GroupFiles {
  readonly outcome: readonly SourceFile[];
  readonly tables: readonly { readonly modality: ModalityId; readonly sources: readonly SourceFile[] }[];
}

/**
 * Reads the groups of `cv.mode: groups` (method.md 1.4). Patients with an empty cell have no group. The experiment may
 * ignore the column as an input. The table of the modality then lacks it, so the column is read from the file.
 *
 * @returns null in any other mode
 */
export async function readGroups(config: Config, files: GroupFiles): Promise<ReadGroups | null> {
  const named = config.cv.mode === 'groups' ? groupColumn(config.cv) : null;
  if (named === null) return null;
  const { sources, form } = tableFiles(config, files, named.table);
  const texts = await Promise.all(sources.map(({ name, path }) => readTextTable(path, { ...form, name })));
  // `preflight` reports faults in the rows of these files when it reads the files as tables. So this function does not
  // report them a second time.
  if (texts.some(({ faults }) => faults.length > 0)) return { groups: new Map(), faults: [] };
  const holding = texts.find(({ columns }) => columns.includes(named.column));
  const [first] = texts;
  if (holding === undefined)
    return {
      groups: new Map(),
      faults: first === undefined ? [] : [absentColumn(first, named.column, 'cv.group')],
    };
  const at = holding.columns.indexOf(named.column);
  const groups = new Map(
    holding.patients.flatMap((id, row) => {
      const value = holding.text(row, at).normalize('NFC');
      return value === '' ? [] : [[id, value] as const];
    }),
  );
  return { groups, faults: respelled(holding, named.column, groups) };
}

function tableFiles(
  { data, ...config }: Config,
  files: GroupFiles,
  table: string,
): { readonly sources: readonly SourceFile[]; readonly form: Omit<TextTableOptions, 'name'> } {
  const common = { missing: data.patients.missing, patientOf: idRuleOf(data.layout) };
  const own = files.tables.find(({ modality }) => modality === table);
  if (own === undefined && table === outcomeTable)
    return {
      sources: files.outcome,
      form: { ...common, ...idColumnOf(data.patients), sheet: data.outcome.sheet },
    };
  const { id, sheet, delimiter, decimal } = tableOf({ data, ...config }, table);
  return {
    sources: own?.sources ?? [],
    form: {
      ...common,
      ...{ sheet, delimiter, decimal },
      ...idColumnOf(data.patients, { id, key: `data.modalities.${table}.id` }),
    },
  };
}

/**
 * Values that differ only in case or spaces, such as `Site A` and `site a`, are most likely one group. If they counted
 * as two groups, one of them could be tested while the other is in training.
 */
function respelled(
  { file }: TextTable,
  column: string,
  groups: ReadonlyMap<string, string>,
): readonly TableFault[] {
  const spellings = new Map<string, Set<string>>();
  for (const value of groups.values()) {
    const key = value.toLowerCase().replace(/\s+/g, ' ');
    spellings.set(key, (spellings.get(key) ?? new Set()).add(value));
  }
  return [...spellings.values()].flatMap((values) =>
    values.size < 2
      ? []
      : [
          {
            ...{ file, line: null, column },
            problem: `${quoted([...values].sort())} differ in case or spaces only, and cv.mode: groups would take them for different groups. Write them alike`,
          },
        ],
  );
}

/**
 * Checks that `cv.folds` is the number of groups, and warns of patients without a group. It counts the patients with a
 * known outcome, before any patient is left out of the cohort.
 */
export function judgeGroups(
  groups: ReadonlyMap<string, string>,
  labelled: readonly string[],
  { group, folds }: Pick<Config['cv'], 'group' | 'folds'>,
): { readonly warnings: readonly Problem[]; readonly refusals: readonly HafError[] } {
  const column = group ?? '';
  const without = labelled.filter((id) => !groups.has(id)).length;
  const names = new Set(labelled.flatMap((id) => groups.get(id) ?? []));
  const warn = (reason: string, fix: string): Problem => ({
    ...{ severity: 'warning', stage: 'preflight', patient: null, file: null, place: column },
    ...{ reason, fix },
  });
  // The rules of the cohort only remove groups. So, if there are too few groups now, there are too few in the cohort.
  const refusals = names.size < folds ? [tooFewGroups(column, [...names], folds)] : [];
  return {
    refusals,
    warnings: [
      ...(without === 0
        ? []
        : [
            warn(
              `Patients with a known outcome and without a value of ${column}: ${without}. If any of them belongs to the cohort, the split fails.`,
              'Fill in the column.',
            ),
          ]),
      ...(names.size > folds
        ? [
            warn(
              `${column} has ${names.size} groups among the patients with a known outcome, and cv.folds is ${folds}.`,
              `Set cv.folds: ${names.size}, unless the rules of the cohort leave whole groups out.`,
            ),
          ]
        : []),
    ],
  };
}

function tooFewGroups(column: string, names: readonly string[], folds: number): HafError {
  return new HafError(
    'HAF_SPLIT_INVALID',
    `${column} has ${counted(names.length, 'group')} (${quotedFirst([...names].sort(), 8)}) where cv.folds is ${folds}.`,
    names.length < 2
      ? 'Name a column with at least two values in cv.group.'
      : `Set cv.folds: ${names.length}.`,
    { context: { column, groups: names.length } },
  );
}
