import type { ModalityId } from '../../pipeline/core/modality.js';
import type { ModalityInput } from '../embeddings/modality-inputs.js';
import { tableVectors } from '../preprocessing/table-vectors.js';
import type { ScoringData } from './scoring-data.js';
import type { FoldParts } from './scoring-model.js';

/** The vectors of a table, as the preprocessing of a fold makes them. If the data lacks the table, no patient has a row. */
export function tableInput(
  { config, record }: Pick<FoldParts, 'config' | 'record'>,
  modality: ModalityId,
  data: ScoringData,
): ModalityInput {
  const columns = record.tables[modality]?.columns ?? [];
  const table = data.tables.get(modality);
  const chosen = columns.map(({ name }) => table?.columns.findIndex((column) => column.name === name) ?? -1);
  const rowOf = new Map(table?.patients.map((id, row) => [id, row]));
  const rows = data.patients.map((id) => rowOf.get(id));
  return {
    ...{ modality, kind: 'table' },
    ...tableVectors(
      table ?? { columns: [], cells: new Float64Array() },
      rows,
      { chosen, columns },
      config.tabular.absentRow,
    ),
  };
}
