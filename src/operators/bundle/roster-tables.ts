import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Artifact } from '../../pipeline/stage.js';
import type { TypedTable } from '../tables/typed-table.js';
import type { Bundle } from './bundle-data.js';
import { rosterCellsFile, rosterFile, rosterSchema } from './roster-data.js';

/** The tables of new patients, with the columns that the model was trained on. */
export function rosterTables(roster: Artifact, { modalities }: Bundle): ReadonlyMap<ModalityId, TypedTable> {
  const { tables } = roster.json(rosterFile, rosterSchema);
  return new Map(
    modalities.flatMap((modality) => {
      const patients = tables[modality.id];
      if (modality.kind !== 'table' || patients === undefined) return [];
      // `slice` of Uint8Array copies, so `bytes.buffer` holds only these bytes. `slice` of Buffer would return a view
      // into a larger allocation.
      const bytes = Uint8Array.prototype.slice.call(roster.bytes(rosterCellsFile(modality.id)));
      const columns = modality.columns.map(({ range: _, distribution: __, ...column }) => ({
        ...column,
        inferred: false,
      }));
      return [[modality.id, { columns, patients, cells: new Float64Array(bytes.buffer) }]];
    }),
  );
}
