import type { Config } from '../../pipeline/config/schema.js';
import { subgroupOf } from '../../pipeline/config/slots.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import { nearest } from '../../pipeline/core/suggest.js';
import { quotedFirst } from '../../pipeline/core/wording.js';
import type { TypedColumn } from '../tables/typed-column.js';
import { columnCells, type TypedTable } from '../tables/typed-table.js';

/** Maximum number of distinct values of a numeric column that has no `bands`. */
const mostValues = 12;

/** A column that divides patients into groups. `groupOf` maps patients to groups, and lacks patients without a cell. */
export interface DividingColumn {
  readonly variable: string;
  /** All groups in the order of reports. */
  readonly groups: readonly string[];
  readonly groupOf: ReadonlyMap<string, string>;
}

/** The name of the group of patients whose cell is missing. */
export const missingGroup = 'missing';

/**
 * The columns of `stats.subgroups` as groups of patients (method.md 9.8). Each category is a group with the name of the
 * category. Numbers are divided at `bands`.
 *
 * @param tables every table that `stats.subgroups` names
 * @throws HafError HAF_CONFIG_INVALID if a column does not exist, naming the existing columns, or if it cannot be
 * divided
 */
export function dividingColumns(
  config: Pick<Config, 'data' | 'stats'>,
  tables: ReadonlyMap<ModalityId, TypedTable>,
): readonly DividingColumn[] {
  const problems: string[] = [];
  const found = config.stats.subgroups.flatMap((asked): DividingColumn[] => {
    const { variable, modality, column, bands } = subgroupOf(config, asked);
    const table = modality === null ? undefined : tables.get(modality);
    // No problem is reported here, because the check of the configuration reports an unknown table, and a table with
    // faults has its own error.
    if (table === undefined) return [];
    const names = table.columns.map(({ name }) => name);
    const at = names.indexOf(column);
    const own = table.columns[at];
    if (own === undefined) {
      const guess = nearest(column, names);
      problems.push(
        `stats.subgroups: table ${modality} has no column "${column}"${guess === null ? '' : `; did you mean "${guess}"?`} Its columns: ${quotedFirst(names, 60)}.`,
      );
      return [];
    }
    const cells = columnCells(table, at);
    const values = [...new Set(cells)].filter((cell) => !Number.isNaN(cell)).sort((a, b) => a - b);
    const fault = faultOf(own, values.length, bands);
    if (fault !== null) {
      problems.push(`stats.subgroups: ${variable} ${fault}`);
      return [];
    }
    const labelOf = labelsOf(own, bands);
    return [
      {
        variable,
        groups: [
          ...new Set([...(bands === null ? values : [-Infinity, ...bands]).map(labelOf), missingGroup]),
        ],
        groupOf: new Map(
          table.patients.flatMap((patient, row) => {
            const cell = cells[row] as number;
            return Number.isNaN(cell) ? [] : [[patient, labelOf(cell)] as const];
          }),
        ),
      },
    ];
  });
  if (problems.length > 0)
    throw new HafError(
      'HAF_CONFIG_INVALID',
      problems.join('\n'),
      'Correct stats.subgroups in the experiment. A column that is declared "ignore", or that is constant or empty, is not in its table.',
      { context: { problems } },
    );
  return found;
}

function faultOf(
  { kind, categories }: TypedColumn,
  values: number,
  bands: readonly number[] | null,
): string | null {
  if (bands !== null && categories !== undefined)
    return `has words for values, and bands need numbers; leave bands out.`;
  return bands === null && kind === 'numeric' && values > mostValues
    ? `is numeric with ${values} different values: give it bands, for example {column: ..., bands: [60, 70]}.`
    : null;
}

function labelsOf({ categories }: TypedColumn, bands: readonly number[] | null): (cell: number) => string {
  if (bands === null) return (cell) => categories?.[cell] ?? String(cell);
  return (cell) => {
    const above = bands.findIndex((edge) => cell < edge);
    if (above === 0) return `below ${bands[0]}`;
    return above === -1 ? `${bands.at(-1)} and above` : `${bands[above - 1]} to below ${bands[above]}`;
  };
}
