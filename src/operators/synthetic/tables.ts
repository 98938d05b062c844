import { rng } from '../../pipeline/core/rng.js';
import { bloodColumns } from './blood-columns.js';
import { cellColumns } from './cell-columns.js';
import { clinicalColumns } from './clinical-columns.js';
import { drawCell, type SyntheticColumn } from './column.js';
import { csvText } from '../../pipeline/core/csv.js';
import { icdColumns } from './icd-columns.js';
import { drawShare, viewsOf, type HancockModality, type Persona } from './latent.js';
import { pathologicalColumns } from './pathological-columns.js';

interface SyntheticTable {
  readonly file: string;
  readonly modality: HancockModality;
  readonly columns: readonly SyntheticColumn[];
  /** Fraction of patients without a row, as in HANCOCK. */
  readonly absentRows: number;
}

const tables: readonly SyntheticTable[] = [
  { file: 'clinical.csv', modality: 'Clin', columns: clinicalColumns, absentRows: 0 },
  { file: 'pathological.csv', modality: 'Path', columns: pathologicalColumns, absentRows: 0 },
  { file: 'blood.csv', modality: 'Blood', columns: bloodColumns, absentRows: 0.09 },
  { file: 'icd_codes.csv', modality: 'ICD', columns: icdColumns, absentRows: 0.07 },
  { file: 'tma_cell_density.csv', modality: 'Cell', columns: cellColumns, absentRows: 0.04 },
];

/** The five clinical tables as CSV texts by file name. */
export function drawTables(personas: readonly Persona[], seed: number): Readonly<Record<string, string>> {
  return Object.fromEntries(
    tables.map(({ file, modality, columns, absentRows }) => {
      const random = rng(seed, `synthetic/table/${modality}`);
      const views = viewsOf(personas, modality, seed);
      const absent = drawShare(personas, absentRows, random);
      const rows = personas
        .filter(({ id }) => !absent.has(id))
        .map(({ id }) => [id, ...columns.map((column) => drawCell(column, views.get(id) ?? 0, random))]);
      return [file, csvText(['patient_id', ...columns.map(({ name }) => name)], rows)];
    }),
  );
}
