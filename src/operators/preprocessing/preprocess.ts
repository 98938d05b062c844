import type { Config } from '../../pipeline/config/schema.js';
import { isTableModality, type TableModality } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { StageCode } from '../../pipeline/stage.js';
import { cohortFile, cohortSchema, type Patient } from '../cohort/cohort-data.js';
import type { Column } from '../cohort/table-data.js';
import { splitsFile, splitsSchema } from '../splits/split-data.js';
import { stageOf } from '../stage-of.js';
import { writeSafetensors, type NamedArray } from '../tensor/safetensors.js';
import { encodedWidth, encodeRow } from './encode-row.js';
import { fitColumns } from './fit-columns.js';
import { fittedFile, vectorsFile, type Fitted, type FittedColumn } from './vectors-data.js';

/**
 * Turns the tables into vectors (method.md 2.3, 2.4). Everything is fitted on the observed rows of the fold's
 * training patients alone; validation and test patients are only encoded. Unit: a fold. Reads `cohort` and
 * `split`; writes `vectors.safetensors` and `fitted.json` (vectors-data.ts gives the shapes).
 */
export const preprocess: StageCode = stageOf(({ inputs, config, unit, modalities }) => {
  const { patients, columns } = inputs.one('cohort').json(cohortFile, cohortSchema);
  const { folds } = inputs.one('split').json(splitsFile, splitsSchema);
  const fold = folds[unit.fold ?? -1];
  if (fold === undefined) throw new Error(`the split has no fold ${unit.fold ?? '(none given)'}`);
  const trainIds = new Set(fold.train);
  const training = patients.filter(({ id }) => trainIds.has(id));

  const fitted: Fitted = {};
  const problems: Problem[] = [];
  const vectors: Record<string, NamedArray> = {};
  const masks: Record<string, NamedArray> = {};
  for (const modality of modalities.filter(isTableModality)) {
    const ofModality = columns[modality] ?? [];
    const rows = training.flatMap(({ tables }) => (tables[modality] === undefined ? [] : [tables[modality]]));
    const ofFold = fitColumns(ofModality, rows, config.tabular);
    const encoded = encodeTable(patients, modality, ofFold, config.tabular.absentRow);
    fitted[modality] = ofFold;
    vectors[modality] = encoded.vectors;
    masks[`${modality}.mask`] = encoded.mask;
    problems.push(...unseenColumns(modality, ofModality, rows, unit.fold ?? 0));
  }
  // Float arrays first: they stay aligned to four bytes for readers that map the file.
  const file = writeSafetensors({ ...vectors, ...masks });
  return { type: 'output', files: { [vectorsFile]: file, [fittedFile]: fitted }, problems };
});

/** All patients in cohort order: vectors float32 [patients, d_m] and mask uint8 [patients]. */
function encodeTable(
  patients: readonly Patient[],
  modality: TableModality,
  columns: readonly FittedColumn[],
  absentRow: Config['tabular']['absentRow'],
): { vectors: NamedArray; mask: NamedArray } {
  const width = encodedWidth(columns);
  const vectors = new Float32Array(patients.length * width);
  const mask = new Uint8Array(patients.length);
  patients.forEach(({ tables }, at) => {
    // An absent row to impute is one whose cells are all missing.
    const cells = tables[modality] ?? (absentRow === 'impute' ? [] : null);
    if (cells === null) return;
    vectors.set(encodeRow(columns, cells), at * width);
    mask[at] = 1;
  });
  return {
    vectors: { shape: [patients.length, width], data: vectors },
    mask: { shape: [patients.length], data: mask },
  };
}

/** Columns without one value in training: fill 0 and scale 1 are no statistics of anything. */
function unseenColumns(
  modality: TableModality,
  columns: readonly Column[],
  rows: readonly (readonly (number | null)[])[],
  fold: number,
): Problem[] {
  const unseen = columns.filter((_, at) => rows.every((row) => (row[at] ?? null) === null));
  if (unseen.length === 0) return [];
  const names =
    unseen.length === columns.length ? 'any column' : unseen.map(({ name }) => `"${name}"`).join(', ');
  return [
    {
      severity: 'warning',
      stage: 'preprocess',
      patient: null,
      file: null,
      place: `fold ${fold}, ${modality}`,
      reason: `No training patient has a value of ${names}; missing cells become 0, others are not scaled.`,
      fix: `Remove the column from the ${modality} table, or lower cv.folds so that more patients train.`,
    },
  ];
}
