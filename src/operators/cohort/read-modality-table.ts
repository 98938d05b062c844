import { hancockColumnCounts } from '../../pipeline/config/cohorts/hancock.js';
import type { TableDeclaration } from '../../pipeline/config/data-schema.js';
import type { Config } from '../../pipeline/config/schema.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';
import { joinTables } from '../tables/join-tables.js';
import type { TableFault } from '../tables/table-fault.js';
import { modalityTexts, type TextKeys } from '../tables/modality-texts.js';
import { typedTable, type LeftOut, type TypedTable } from '../tables/typed-table.js';

export interface ModalityTable {
  /** Null if the table is unusable because of a fault. */
  readonly table: TypedTable | null;
  /** Columns that are no input, with the reasons. */
  readonly left: readonly LeftOut[];
  /** The ids of all rows, as the files write them. */
  readonly writtenIds: readonly string[];
  readonly faults: readonly TableFault[];
  readonly problems: readonly Problem[];
}

type TableKeys = Pick<TableDeclaration, 'columns' | 'others'> & TextKeys;

/**
 * Reads the files of one table modality, determines the kinds of their columns, and joins them by patient. The columns
 * of the outcome are never inputs. With HANCOCK's layout every column is kept, so that a vector has the same length as
 * in the paper for any selection of patients.
 */
export async function readModalityTable(
  modality: ModalityId,
  { columns, others, ...keys }: TableKeys,
  files: readonly { readonly name: string; readonly path: string }[],
  { layout, patients, outcome }: Pick<Config['data'], 'layout' | 'patients' | 'outcome'>,
): Promise<ModalityTable> {
  const hancock = layout === 'hancock';
  const exclude = new Set([outcome.event?.column, outcome.time?.column].filter((name) => name !== undefined));
  const texts = await modalityTexts(modality, files, keys, { layout, patients });
  const present = new Set(texts.flatMap((text) => text.columns));
  const typed = texts.map((text) => {
    // A declared column may be absent from this file: if there are several files, each has some of the columns. A
    // table of HANCOCK is used without the columns that it lacks.
    const elsewhere = (name: string): boolean =>
      !text.columns.includes(name) && (hancock || (texts.length > 1 && present.has(name)));
    const own = Object.fromEntries(Object.entries(columns).filter(([name]) => !elsewhere(name)));
    return typedTable(text, { columns: own, others, keepConstant: hancock }, exclude);
  });
  const faults: TableFault[] = texts.flatMap((text) => text.faults);
  if (faults.length > 0) {
    // Faults of rows and of cells (with a line number) are reported together. Faults of whole columns are left out,
    // because they are known only when all rows are right.
    const cells = typed.flatMap((one) => one.faults).filter(({ line }) => line !== null);
    return { table: null, left: [], writtenIds: [], faults: [...faults, ...cells], problems: [] };
  }
  const joined = joinTables(typed.map(({ table }, at) => ({ file: texts[at]?.file ?? '', table })));
  const [text] = texts;
  return {
    table: joined.table,
    left: typed.flatMap(({ left }) => left),
    writtenIds: texts.flatMap((one) => one.writtenIds),
    faults: [...typed.flatMap((one) => one.faults), ...joined.faults],
    problems: [
      ...typed.flatMap(({ problems }) => problems),
      ...(hancock && text !== undefined ? hancockProblems(modality, text, columns) : []),
    ],
  };
}

/**
 * Warnings about a table of HANCOCK: about columns that the published dataset has and the file lacks, and about a
 * number of columns that differs from the dataset.
 */
function hancockProblems(
  modality: ModalityId,
  { file, columns }: { readonly file: string; readonly columns: readonly string[] },
  declared: TableKeys['columns'],
): readonly Problem[] {
  const base = { severity: 'warning', stage: 'tables', patient: null, file } as const;
  const usual = hancockColumnCounts[modality];
  const count: readonly Problem[] =
    usual === undefined || usual === columns.length
      ? []
      : [
          {
            ...base,
            place: null,
            reason: `${modality} has ${columns.length} columns where HANCOCK has ${usual}; all of them are used.`,
            fix: 'Check that no column was lost or added.',
          },
        ];
  const absent = Object.keys(declared).filter((name) => !columns.includes(name));
  const unknown = usual === undefined ? columns.filter((name) => !Object.hasOwn(declared, name)) : [];
  return [
    ...count,
    ...unknown.map((name): Problem => ({
      ...base,
      place: name,
      reason: `Column "${name}" is not one of the known ${modality} columns; its kind is inferred.`,
      fix: `Remove it from the file if it is no feature, or declare it in data.modalities.${modality}.columns.`,
    })),
    ...absent.map((name): Problem => ({
      ...base,
      place: name,
      reason: `Column "${name}" of ${modality} is not in the file; the table is used without it.`,
      fix: 'Add the column, or compare its spelling, if the data has it.',
    })),
  ];
}
