import { describe, expect, it } from 'vitest';
import { preprocess } from '../../src/operators/preprocessing/preprocess.js';
import { vectorsFile } from '../../src/operators/preprocessing/vectors-data.js';
import { splitsFile, type Splits } from '../../src/operators/splits/split-data.js';
import type { TypedColumn } from '../../src/operators/tables/typed-column.js';
import { readSafetensors } from '../../src/operators/tensor/safetensors.js';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import { cohortArtifact, tableArtifact } from '../support/invented-cohort.js';
import { runStage } from '../support/run-stage.js';

type Column = Pick<TypedColumn, 'kind' | 'categories'>;
type Cell = number | null;

/**
 * Encodes a table with one column `x`. The patients `train` are training patients, and the patients `test` are test
 * patients.
 */
async function encodedColumn(
  column: Column,
  { train, test }: { readonly train: readonly Cell[]; readonly test: readonly Cell[] },
  tabular: ConfigInput['tabular'] = { untrained: 'missing' },
): Promise<{
  readonly train: readonly number[];
  readonly test: readonly number[];
  readonly problems: readonly Problem[];
}> {
  const cells = [...train, ...test];
  const ids = cells.map((_, at) => String(at).padStart(3, '0'));
  const splits: Splits = {
    folds: [{ train: ids.slice(0, train.length), val: [], test: ids.slice(train.length) }],
    hash: 'x',
  };
  const { output } = await runStage(preprocess, {
    config: { modalities: ['TMA', 'Cell'], tabular },
    unit: { fold: 0, modality: 'Cell' },
    inputs: {
      cohort: [cohortArtifact(ids.map((id) => ({ id, y: 0, followUpDays: null })))],
      split: [{ id: 'split', files: { [splitsFile]: splits } }],
      tables: [
        tableArtifact('Cell', {
          columns: [{ name: 'x', inferred: false, ...column }],
          patients: ids,
          cells: Float64Array.from(cells, (cell) => cell ?? NaN),
        }),
      ],
    },
  });
  const values = [...(readSafetensors(output.files[vectorsFile] as Uint8Array).values?.data ?? [])];
  const width = values.length / ids.length;
  return {
    train: values.slice(0, train.length * width),
    test: values.slice(train.length * width),
    problems: output.problems ?? [],
  };
}

const numeric: Column = { kind: 'numeric' };
const reasons = (problems: readonly Problem[]): readonly string[] => problems.map(({ reason }) => reason);

describe('a column without a training value', () => {
  it.each([
    ['numeric', numeric, [1_000_000, 1_000_007, null]],
    ['ordinal', { kind: 'ordinal' }, [5, 7, null]],
    ['binary', { kind: 'binary' }, [1, 0, null]],
  ] as const)('is 0 for every patient of the fold, whatever is written: %s', async (_, column, test) => {
    for (const untrained of ['missing', 'used'] as const) {
      const seen = await encodedColumn(column, { train: [null, null, null], test }, { untrained });
      expect([...seen.train, ...seen.test]).toEqual([0, 0, 0, 0, 0, 0]);
      expect(reasons(seen.problems)).toEqual([
        'No training patient has a value of any column; all cells count as missing and become 0 in this fold, 2 cells with a value among them.',
      ]);
      expect(seen.problems[0]?.place).toBe('fold 0, Cell');
    }
  });

  it('gives all patients the same vector when it is nominal', async () => {
    const column: Column = { kind: 'nominal', categories: ['a', 'b'] };
    const { train, test } = await encodedColumn(
      column,
      { train: [null], test: [1, 0] },
      { untrained: 'used' },
    );
    expect([...train, ...test]).toEqual([1, 0, 1, 0, 1, 0]);
  });
});

describe('a column that is constant in training', () => {
  it.each([
    ['numeric', numeric, [3, 3, null], [3, 1e6, null, -9], [0, 0, 0, 0]],
    ['binary', { kind: 'binary' }, [1, 1, 1], [0, 1], [1, 1]],
    ['with a mean that rounds', numeric, [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, null], [0.2], [0]],
  ] as const)(
    'counts as missing for every patient of the fold: %s',
    async (_, column, train, test, expected) => {
      const seen = await encodedColumn(
        column,
        { train, test },
        { untrained: 'missing', numericImpute: 'mean' },
      );
      expect(seen.test).toEqual(expected);
      expect(seen.problems).toHaveLength(1);
      expect(seen.problems[0]).toMatchObject({ severity: 'warning', place: 'fold 0, Cell' });
      expect(seen.problems[0]?.reason).toMatch(
        /^All training patients have the same value of "x", but .* missing\.$/,
      );
    },
  );

  it('is silent when nobody has another value', async () => {
    expect((await encodedColumn(numeric, { train: [3, 3], test: [3, null] })).problems).toEqual([]);
  });

  it('meets untrained weights under "used", within the bound, and a note says so', async () => {
    const { test, problems } = await encodedColumn(
      numeric,
      { train: [3, 3], test: [4, 1e6] },
      { untrained: 'used' },
    );
    expect(test).toEqual([1, 10]);
    expect(problems[0]).toMatchObject({ severity: 'info' });
    expect(problems[0]?.reason).toContain('it is used with a weight that was not trained');
  });
});

describe('a category that no training patient has', () => {
  const stage: Column = { kind: 'nominal', categories: ['I', 'II', 'III'] };

  it('is read as a missing cell, and named with its column and fold', async () => {
    const { test, problems } = await encodedColumn(stage, { train: [1, 1, 0], test: [2, null, 0] });
    expect(test).toEqual([0, 1, 0, 0, 1, 0, 1, 0, 0]);
    expect(problems).toMatchObject([{ severity: 'warning', place: 'fold 0, Cell.x' }]);
    expect(reasons(problems)).toEqual([
      '1 patient has a category that no training patient has: "III". The fold learns nothing about it: it counts as missing.',
    ]);
  });

  it('meets an untrained weight under "used", and the warning says so', async () => {
    const used = await encodedColumn(stage, { train: [1, 1, 0], test: [2] }, { untrained: 'used' });
    expect(used.test).toEqual([0, 0, 1]);
    expect(reasons(used.problems)[0]).toMatch(/a weight that was not trained\.$/);
  });
});

describe('numbers far outside of the training range', () => {
  it.each(['minmax', 'zscore'] as const)('move a vector no further than the bound: %s', async (scaler) => {
    const train = [0, 5, 10];
    const scaled = async (test: readonly number[], bound: number | null): Promise<readonly number[]> =>
      (await encodedColumn(numeric, { train, test }, { scaler, bound })).test;
    expect(await scaled([1e9, -1e9, -9999, 12], 10)).toEqual(await scaled([110, -100, -100, 12], null));
    expect(await scaled([1e9, -1e9, 12], 0)).toEqual(await scaled([10, 0, 10], null));
    expect(Math.max(...(await scaled([1e9], null)))).toBeGreaterThan(1e7);
  });

  it('are counted, with an example and the training range', async () => {
    const { problems } = await encodedColumn(numeric, { train: [0, 5, 10], test: [-9999, 111, 109, null] });
    expect(problems).toMatchObject([{ severity: 'warning', place: 'fold 0, Cell.x' }]);
    expect(reasons(problems)).toEqual([
      '2 cells of "x" lie far outside of what the training patients have ("x": -9999, in training 0 to 10); they are limited to 10 training ranges beyond the training range ("x": -100).',
    ]);
  });

  it('need no warning when clipping was asked for', async () => {
    const { test, problems } = await encodedColumn(
      numeric,
      { train: [0, 10], test: [-9999] },
      { clip: true },
    );
    expect([test, problems]).toEqual([[0], []]);
  });
});
