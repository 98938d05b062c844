import { describe, expect, it } from 'vitest';
import { cohortFile, type Cohort, type Patient } from '../../src/operators/cohort/cohort-data.js';
import { preprocess } from '../../src/operators/preprocessing/preprocess.js';
import {
  fittedFile,
  fittedSchema,
  vectorsFile,
  type Fitted,
} from '../../src/operators/preprocessing/vectors-data.js';
import { splitsFile, type Fold, type Splits } from '../../src/operators/splits/split-data.js';
import { readSafetensors, type NamedArray } from '../../src/operators/tensor/safetensors.js';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import { runStage } from '../support/run-stage.js';

type Tables = Patient['tables'];

const cohortOf = (tables: Readonly<Record<string, Tables>>): Cohort => ({
  modalities: ['TMA', 'Clin', 'Cell'],
  columns: {
    Clin: [
      { name: 'sex', kind: 'binary' },
      { name: 'smoking_status', kind: 'nominal', codes: [0, 1, 2] },
      { name: 'age_at_initial_diagnosis', kind: 'numeric' },
    ],
    Cell: [{ name: 'cd3_z', kind: 'numeric' }],
  },
  widths: {},
  precisions: {},
  patients: Object.entries(tables).map(([id, ofPatient]) => ({
    id,
    y: 0,
    followUpDays: null,
    tables: ofPatient,
    bags: {},
  })),
});

const people: Readonly<Record<string, Tables>> = {
  '001': { Clin: [1, 0, 40], Cell: [100] },
  '002': { Clin: [1, 2, 60], Cell: [300] },
  '003': { Clin: [0, 2, null] },
  '004': { Clin: [null, 1, 70], Cell: [null] },
  '005': { Clin: [0, null, 30] },
};
const fold: Fold = { train: ['001', '002', '003'], val: ['004'], test: ['005'] };
const otherFold: Fold = { train: ['004', '005', '001'], val: ['002'], test: ['003'] };

interface Preprocessed {
  readonly vectors: Readonly<Record<string, NamedArray>>;
  readonly fitted: Fitted;
  readonly problems: readonly Problem[];
}

async function preprocessed(
  tables = people,
  tabular: ConfigInput['tabular'] = {},
  folds: readonly Fold[] = [otherFold, fold],
): Promise<Preprocessed> {
  const splits: Splits = { folds: [...folds], hash: 'x' };
  const { output } = await runStage(preprocess, {
    config: { modalities: ['TMA', 'Clin', 'Cell'], tabular },
    unit: { fold: folds.length - 1 },
    inputs: {
      cohort: [{ id: 'cohort', files: { [cohortFile]: cohortOf(tables) } }],
      split: [{ id: 'split', files: { [splitsFile]: splits } }],
    },
  });
  return {
    vectors: readSafetensors(output.files[vectorsFile] as Uint8Array),
    fitted: fittedSchema.parse(output.files[fittedFile]),
    problems: output.problems ?? [],
  };
}

const f32 = (values: readonly number[]): number[] => [...new Float32Array(values)];

describe('vectors of a fold', () => {
  it('are float32 rows in cohort order with a mask, absent rows zero', async () => {
    const { vectors, problems } = await preprocessed();
    expect(Object.keys(vectors)).toEqual(['Clin', 'Cell', 'Clin.mask', 'Cell.mask']);
    expect(vectors.Clin?.shape).toEqual([5, 5]);
    // Training fill: sex 1, smoking 2, age 40 (a tie, the smallest); training range of age 40 to 60.
    expect([...(vectors.Clin?.data ?? [])]).toEqual(
      f32(
        [
          [1, 1, 0, 0, 0],
          [1, 0, 0, 1, 1],
          [0, 0, 0, 1, 0],
          [1, 0, 1, 0, 1.5],
          [0, 0, 0, 1, -0.5],
        ].flat(),
      ),
    );
    expect([...(vectors['Clin.mask']?.data ?? [])]).toEqual([1, 1, 1, 1, 1]);
    expect([...(vectors.Cell?.data ?? [])]).toEqual([0, 1, 0, 0, 0]);
    expect([...(vectors['Cell.mask']?.data ?? [])]).toEqual([1, 1, 0, 1, 0]);
    expect(problems).toEqual([]);
  });

  it('fill an absent row with training modes and unmask it under impute', async () => {
    const withMode = { ...people, '003': { Clin: [0, 2, null], Cell: [300] } } satisfies Record<
      string,
      Tables
    >;
    const { vectors } = await preprocessed(withMode, { absentRow: 'impute' });
    expect([...(vectors.Cell?.data ?? [])]).toEqual([0, 1, 1, 1, 1]);
    expect([...(vectors['Cell.mask']?.data ?? [])]).toEqual([1, 1, 1, 1, 1]);
  });

  it('never count an imputed row when fitting', async () => {
    const masked = await preprocessed(people, { absentRow: 'mask' });
    expect((await preprocessed(people, { absentRow: 'impute' })).fitted).toEqual(masked.fitted);
  });

  it('keep their width in every fold although codes differ between training sets', async () => {
    const first = await preprocessed(people, {}, [otherFold]);
    const second = await preprocessed(people, {}, [fold]);
    expect(first.vectors.Clin?.shape).toEqual(second.vectors.Clin?.shape);
    expect(first.fitted.Clin).not.toEqual(second.fitted.Clin);
  });

  it('warn of a column without training values', async () => {
    const empty = {
      ...people,
      '001': { Clin: [1, 0, 40] },
      '002': { Clin: [1, 2, 60], Cell: [null] },
    } satisfies Record<string, Tables>;
    const { problems } = await preprocessed(empty);
    expect(problems.map(({ severity, place }) => [severity, place])).toEqual([['warning', 'fold 1, Cell']]);
  });

  it('are refused for a fold the split does not have', async () => {
    await expect(preprocessed(people, {}, [])).rejects.toThrow(/no fold/);
  });
});

describe('what is fitted', () => {
  const options = [
    {},
    { scaler: 'zscore' },
    { numericImpute: 'mean' },
    { clip: true },
    { absentRow: 'impute' },
  ] as const satisfies readonly ConfigInput['tabular'][];
  const changed: Tables = { Clin: [1, 1, 1e6], Cell: [-1e6] };

  it.each(options)('does not change with the cells of validation and test patients: %j', async (tabular) => {
    const before = await preprocessed(people, tabular);
    const after = await preprocessed({ ...people, '004': changed, '005': changed }, tabular);
    expect(after.fitted).toEqual(before.fitted);
    const trainRows = ({ vectors }: Preprocessed): unknown => [...(vectors.Clin?.data.slice(0, 15) ?? [])];
    expect(trainRows(after)).toEqual(trainRows(before));
    expect(after.vectors.Clin?.data).not.toEqual(before.vectors.Clin?.data);
  });

  it('changes with the cells of a training patient', async () => {
    const before = await preprocessed();
    expect((await preprocessed({ ...people, '001': changed })).fitted).not.toEqual(before.fitted);
  });
});
