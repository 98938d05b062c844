import type { ModalityId, Slot } from '../../pipeline/core/modality.js';
import type { Artifact } from '../../pipeline/stage.js';
import type { Cohort } from '../cohort/cohort-data.js';
import { bagIndexFile, bagIndexSchema } from '../features/bag-index.js';
import { columnCells, type TypedTable } from '../tables/typed-table.js';
import type { BundleColumn, BundleModality } from './bundle-data.js';
import { distributionOf } from './distribution.js';

/**
 * The modalities as a bundle describes them: what the data of new patients must be like, and statistics of the cohort
 * with which new data are compared.
 */
export const modalitiesOfBundle = (
  slots: readonly Slot[],
  cohort: Cohort,
  tables: ReadonlyMap<ModalityId, TypedTable>,
  embeds: readonly Artifact[],
): BundleModality[] =>
  slots.map(({ id, kind }) =>
    kind === 'table'
      ? { id, kind, columns: columnsOf(tables.get(id) as TypedTable, cohort) }
      : {
          id,
          kind,
          ...bagsOf(
            id,
            cohort,
            embeds.filter(({ unit }) => unit.modality === id),
          ),
        },
  );

function columnsOf(table: TypedTable, { patients }: Cohort): BundleColumn[] {
  const rowOf = new Map(table.patients.map((id, row) => [id, row]));
  const rows = patients.flatMap(({ id }) => rowOf.get(id) ?? []);
  return table.columns.map(({ name, kind, categories }, at) => {
    const cells = columnCells(table, at, rows);
    return {
      ...{ name, kind },
      ...(categories === undefined ? {} : { categories }),
      range: kind === 'nominal' ? null : rangeOf(cells),
      distribution: distributionOf(kind, cells),
    };
  });
}

function rangeOf(cells: Float64Array): [number, number] | null {
  let [low, high] = [Infinity, -Infinity];
  for (const cell of cells) {
    if (cell < low) low = cell;
    if (cell > high) high = cell;
  }
  return low > high ? null : [low, high];
}

function bagsOf(
  id: ModalityId,
  { patients, widths }: Cohort,
  embeds: readonly Artifact[],
): Omit<Extract<BundleModality, { kind: 'bag' }>, 'id' | 'kind'> {
  const indexes = embeds.map((artifact) => artifact.json(bagIndexFile, bagIndexSchema));
  let [least, most] = [Infinity, 0];
  for (const { bags } of patients) {
    const rows = (bags[id] ?? []).reduce((sum, segment) => sum + segment.rows, 0);
    if (rows === 0) continue;
    [least, most] = [Math.min(least, rows), Math.max(most, rows)];
  }
  return {
    width: widths[id] as number,
    encoders: distinct(indexes.flatMap(({ encoder }) => encoder ?? [])),
    mpp: distinct(indexes.flatMap(({ bags }) => bags.flatMap(({ mpp }) => mpp ?? []))),
    rows: [Number.isFinite(least) ? least : 0, most],
  };
}

const distinct = <T>(items: readonly T[]): T[] => [...new Set(items)].sort((a, b) => (a < b ? -1 : 1));
