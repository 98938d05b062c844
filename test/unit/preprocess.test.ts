import { describe, expect, it } from 'vitest';
import { preprocess } from '../../src/operators/preprocessing/preprocess.js';
import {
  fittedFile,
  fittedSchema,
  vectorsFile,
  type Fitted,
} from '../../src/operators/preprocessing/vectors-data.js';
import { splitsFile, type Fold, type Splits } from '../../src/operators/splits/split-data.js';
import type { TypedColumn } from '../../src/operators/tables/typed-column.js';
import { readSafetensors, type NamedArray } from '../../src/operators/tensor/safetensors.js';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import { cohortArtifact, tableArtifact } from '../support/invented-cohort.js';
import type { Changes } from '../support/resolved-config.js';
import { runStage } from '../support/run-stage.js';

/** The rows of a patient, cells by table; null is a missing cell. */
type Rows = Readonly<Partial<Record<Table, readonly (number | null)[]>>>;
type Table = 'Clin' | 'Cell';
type People = Readonly<Record<string, Rows>>;

const columns: Readonly<Record<Table, readonly TypedColumn[]>> = {
  Clin: [
    { name: 'sex', kind: 'binary', inferred: false },
    { name: 'smoking_status', kind: 'nominal', categories: ['never', 'former', 'current'], inferred: false },
    { name: 'age_at_initial_diagnosis', kind: 'numeric', inferred: false },
  ],
  Cell: [{ name: 'cd3_z', kind: 'numeric', inferred: false }],
};

const people: People = {
  '001': { Clin: [1, 0, 40], Cell: [100] },
  '002': { Clin: [1, 2, 60], Cell: [300] },
  '003': { Clin: [0, 2, null] },
  '004': { Clin: [null, 1, 70], Cell: [null] },
  '005': { Clin: [0, null, 30] },
};
const fold: Fold = { train: ['001', '002', '003'], val: ['004'], test: ['005'] };
const otherFold: Fold = { train: ['004', '005', '001'], val: ['002'], test: ['003'] };

interface Preprocessed {
  readonly values: NamedArray | undefined;
  readonly mask: readonly number[];
  readonly fitted: Fitted;
  readonly problems: readonly Problem[];
}

/** Runs the stage `preprocess` on one table of these patients. The rows of the table are in reverse order. */
async function preprocessed(
  modality: Table,
  given: People = people,
  changes: Changes = {},
  folds: readonly Fold[] = [otherFold, fold],
): Promise<Preprocessed> {
  const splits: Splits = { folds: [...folds], hash: 'x' };
  const rows = Object.entries(given)
    .flatMap(([id, of]) => (of[modality] === undefined ? [] : [{ id, cells: of[modality] }]))
    .reverse();
  const { output } = await runStage(preprocess, {
    config: { modalities: ['TMA', 'Clin', 'Cell'], ...changes },
    unit: { fold: folds.length - 1, modality },
    inputs: {
      cohort: [cohortArtifact(Object.keys(given).map((id) => ({ id, y: 0, followUpDays: null })))],
      split: [{ id: 'split', files: { [splitsFile]: splits } }],
      tables: [
        tableArtifact(modality, {
          columns: columns[modality],
          patients: rows.map(({ id }) => id),
          cells: Float64Array.from(rows.flatMap(({ cells }) => cells.map((cell) => cell ?? NaN))),
        }),
      ],
    },
  });
  const { values, mask } = readSafetensors(output.files[vectorsFile] as Uint8Array);
  return {
    values,
    mask: [...(mask?.data ?? [])],
    fitted: fittedSchema.parse(output.files[fittedFile]),
    problems: output.problems ?? [],
  };
}

const f32 = (values: readonly number[]): number[] => [...new Float32Array(values)];

describe('vectors of a fold', () => {
  it('are float32 rows in cohort order with a mask, absent rows zero', async () => {
    const clin = await preprocessed('Clin');
    expect(clin.values?.shape).toEqual([5, 5]);
    // Missing cells get the mode of the training patients: sex 1, smoking 2, age 40 (the smaller of two modes).
    // The training range of age is 40 to 60.
    expect([...(clin.values?.data ?? [])]).toEqual(
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
    expect(clin.mask).toEqual([1, 1, 1, 1, 1]);
    const cell = await preprocessed('Cell');
    expect([...(cell.values?.data ?? [])]).toEqual([0, 1, 0, 0, 0]);
    expect(cell.mask).toEqual([1, 1, 0, 1, 0]);
    expect(cell.problems).toEqual([]);
  });

  it('fill an absent row with training modes and unmask it under impute', async () => {
    const withMode = { ...people, '003': { Clin: [0, 2, null], Cell: [300] } };
    const { values, mask } = await preprocessed('Cell', withMode, { tabular: { absentRow: 'impute' } });
    expect([...(values?.data ?? [])]).toEqual([0, 1, 1, 1, 1]);
    expect(mask).toEqual([1, 1, 1, 1, 1]);
  });

  it('never count an imputed row when fitting', async () => {
    for (const table of ['Clin', 'Cell'] as const) {
      const masked = await preprocessed(table, people, { tabular: { absentRow: 'mask' } });
      const imputed = await preprocessed(table, people, { tabular: { absentRow: 'impute' } });
      expect(imputed.fitted).toEqual(masked.fitted);
    }
  });

  it('keep their width in every fold although categories differ between training sets', async () => {
    const first = await preprocessed('Clin', people, {}, [otherFold]);
    const second = await preprocessed('Clin', people, {}, [fold]);
    expect(first.values?.shape).toEqual(second.values?.shape);
    expect(first.fitted).not.toEqual(second.fitted);
  });

  it('warn of a column without training values', async () => {
    const empty = {
      ...people,
      '001': { Clin: [1, 0, 40] },
      '002': { Clin: [1, 2, 60], Cell: [null] },
    };
    const { problems } = await preprocessed('Cell', empty);
    expect(problems.map(({ severity, place }) => [severity, place])).toEqual([['warning', 'fold 1, Cell']]);
  });

  it('warn of a category that no training patient has, by its name', async () => {
    const { problems } = await preprocessed('Clin');
    expect(problems).toMatchObject([
      {
        ...{ severity: 'warning', place: 'fold 1, Clin.smoking_status' },
        reason: expect.stringMatching(/^1 patient.*no training patient has: "former"\./) as string,
      },
    ]);
  });

  it('are refused for a fold the split does not have', async () => {
    await expect(preprocessed('Clin', people, {}, [])).rejects.toThrow(/no fold/);
  });

  it('take the scaler of their own table before the one of all tables', async () => {
    const own = { data: { modalities: { Clin: { scaler: 'zscore' } } } };
    const scaled = await preprocessed('Clin', people, { tabular: { scaler: 'minmax' }, ...own });
    const everywhere = await preprocessed('Clin', people, { tabular: { scaler: 'zscore' } });
    expect(scaled.fitted).toEqual(everywhere.fitted);
    expect(scaled.fitted).not.toEqual((await preprocessed('Clin')).fitted);
    expect((await preprocessed('Cell', people, own)).fitted).toEqual((await preprocessed('Cell')).fitted);
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
  const changed: Rows = { Clin: [1, 1, 1e6], Cell: [-1e6] };

  it.each(options)('does not change with the cells of validation and test patients: %j', async (tabular) => {
    for (const [table, width] of [
      ['Clin', 5],
      ['Cell', 1],
    ] as const) {
      const before = await preprocessed(table, people, { tabular });
      const after = await preprocessed(table, { ...people, '004': changed, '005': changed }, { tabular });
      expect(after.fitted).toEqual(before.fitted);
      const trainRows = ({ values }: Preprocessed): unknown => [...(values?.data.slice(0, 3 * width) ?? [])];
      expect(trainRows(after)).toEqual(trainRows(before));
      if (table === 'Clin') expect(after.values?.data).not.toEqual(before.values?.data);
    }
  });

  it('changes with the cells of a training patient', async () => {
    for (const table of ['Clin', 'Cell'] as const) {
      const before = await preprocessed(table);
      expect((await preprocessed(table, { ...people, '001': changed })).fitted).not.toEqual(before.fitted);
    }
  });
});

describe('select.topVariance', () => {
  const named = (name: string, kind: TypedColumn['kind'] = 'numeric'): TypedColumn => ({
    ...{ name, kind, inferred: true },
    ...(kind === 'nominal' ? { categories: ['x', 'y'] } : {}),
  });
  const genes = [named('a'), named('b'), named('c'), named('group', 'nominal'), named('d')];
  /**
   * In the training patients 001 to 003, column b has the largest variance, then column d. In all patients, column a
   * has the largest variance.
   */
  const cells: readonly (readonly number[])[] = [
    [1, 0, 5, 0, 2],
    [1, 9, 5, 1, 4],
    [2, 3, 5, 0, 6],
    [900, 3, 5, 0, 4],
    [-900, 3, 6, 1, 4],
  ];
  const selected = async (count: number, given = cells): Promise<{ names: string[]; width: number }> => {
    const ids = Object.keys(people);
    const { output } = await runStage(preprocess, {
      config: {
        modalities: ['RNA'],
        data: {
          modalities: { RNA: { kind: 'table', file: 'rna.csv', select: { topVariance: count } } },
        },
      },
      unit: { fold: 0, modality: 'RNA' },
      inputs: {
        cohort: [cohortArtifact(ids.map((id) => ({ id, y: 0, followUpDays: null })))],
        split: [{ id: 'split', files: { [splitsFile]: { folds: [fold], hash: 'x' } } }],
        tables: [
          tableArtifact('RNA', { columns: genes, patients: ids, cells: Float64Array.from(given.flat()) }),
        ],
      },
    });
    const { values } = readSafetensors(output.files[vectorsFile] as Uint8Array);
    const { columns: chosen } = fittedSchema.parse(output.files[fittedFile]);
    return { names: chosen.map(({ name }) => name), width: values?.shape[1] ?? 0 };
  };

  it('keeps the columns that vary most over the training patients, in the order of the file', async () => {
    expect(await selected(2)).toEqual({ names: ['b', 'group', 'd'], width: 4 });
    expect(await selected(1)).toEqual({ names: ['b', 'group'], width: 3 });
  });

  it('does not look at validation and test patients', async () => {
    const others = cells.map((row, i) => (i < 3 ? row : row.map((cell) => 50 * cell)));
    expect(await selected(2, others)).toEqual(await selected(2));
    const training = cells.map((row, i) => (i === 0 ? [800, ...row.slice(1)] : row));
    expect((await selected(2, training)).names).toEqual(['a', 'b', 'group']);
  });

  it('keeps all columns when fewer vary than are asked for', async () => {
    expect((await selected(40)).names).toEqual(['a', 'b', 'c', 'group', 'd']);
  });
});
