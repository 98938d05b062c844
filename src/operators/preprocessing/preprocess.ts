import type { TableDeclaration } from '../../pipeline/config/data-schema.js';
import type { StageCode } from '../../pipeline/stage.js';
import { cohortFile, cohortFileSchema } from '../cohort/cohort-data.js';
import { splitsFile, splitsSchema } from '../splits/split-data.js';
import { stageOf } from '../stage-of.js';
import { readTypedTable } from '../tables/typed-table-data.js';
import { columnCells, type TypedTable } from '../tables/typed-table.js';
import { writeSafetensors } from '../tensor/safetensors.js';
import { fitColumn, variance } from './fit-columns.js';
import { foldWarnings } from './fold-warnings.js';
import { tableVectors } from './table-vectors.js';
import { fittedFile, vectorsFile, type Fitted } from './vectors-data.js';

/**
 * Converts one table to vectors (method.md 2.3, 2.4). Everything is fitted only on the observed rows of the fold's
 * training patients, including the selection of columns (`select`). Validation and test patients are only encoded.
 * Unit: a fold and a table modality. Reads `cohort`, `split` and `tables`; writes `vectors.safetensors` and
 * `fitted.json` (vectors-data.ts).
 */
export const preprocess: StageCode = stageOf(({ inputs, config, unit }) => {
  const { fold: number = -1, modality = '' } = unit;
  const { patients } = inputs.one('cohort').json(cohortFile, cohortFileSchema);
  const fold = inputs.one('split').json(splitsFile, splitsSchema).folds[number];
  if (fold === undefined) throw new Error(`the split has no fold ${number}`);
  const table = readTypedTable(inputs.one('tables'));
  const { scaler, select } = config.data.modalities[modality] as Pick<TableDeclaration, 'scaler' | 'select'>;

  const rowOf = new Map(table.patients.map((id, row) => [id, row]));
  // The rows are in the order of the cohort. In the order of the file, two files with the same rows could give sums
  // with different last digits.
  const rowsOf = (ids: ReadonlySet<string>): readonly number[] =>
    patients.flatMap(({ id }) => (ids.has(id) ? (rowOf.get(id) ?? []) : []));
  const training = rowsOf(new Set(fold.train));
  const all = rowsOf(new Set(patients.map(({ id }) => id)));
  const chosen = select === null ? allOf(table) : mostVarying(table, training, select.topVariance);
  const options = { ...config.tabular, scaler: scaler ?? config.tabular.scaler };
  const columns = chosen.map((at) =>
    fitColumn(table.columns[at] as TypedTable['columns'][number], columnCells(table, at, training), options),
  );
  const { width, values, observed } = tableVectors(
    table,
    patients.map(({ id }) => rowOf.get(id)),
    { chosen, columns },
    config.tabular.absentRow,
  );
  const vectors = writeSafetensors({
    values: { shape: [patients.length, width], data: values },
    mask: { shape: [patients.length], data: observed },
  });
  const fitted: Fitted = { columns };
  return {
    type: 'output',
    files: { [vectorsFile]: vectors, [fittedFile]: fitted },
    problems: foldWarnings({
      ...{ fold: number, modality, table, chosen, training },
      rows: all,
      columns,
      options,
    }),
  };
});

const allOf = ({ columns }: TypedTable): readonly number[] => columns.map((_, at) => at);

/** The columns that vary most over the training patients, in the order of the table. All nominal columns are kept. */
function mostVarying(table: TypedTable, training: readonly number[], count: number): readonly number[] {
  const [nominal, others] = [
    allOf(table).filter((at) => table.columns[at]?.kind === 'nominal'),
    allOf(table).filter((at) => table.columns[at]?.kind !== 'nominal'),
  ];
  const spread = new Map(others.map((at) => [at, variance(columnCells(table, at, training))]));
  const ranked = [...others].sort((a, b) => (spread.get(b) ?? 0) - (spread.get(a) ?? 0) || a - b);
  return [...nominal, ...ranked.slice(0, count)].sort((a, b) => a - b);
}
