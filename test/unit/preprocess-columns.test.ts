import { describe, expect, it } from 'vitest';
import type { Column } from '../../src/operators/cohort/table-data.js';
import { encodedWidth, encodeRow } from '../../src/operators/preprocessing/encode-row.js';
import { fitColumns, type FitOptions } from '../../src/operators/preprocessing/fit-columns.js';
import type { FittedColumn } from '../../src/operators/preprocessing/vectors-data.js';
import { vectorCases, vectorsFolder } from '../support/shared.js';

const paper: FitOptions = { numericImpute: 'mostFrequent', scaler: 'minmax', clip: false };

/** One column fitted on its training cells. */
function fitted(
  column: Omit<Column, 'name'>,
  cells: readonly (number | null)[],
  options = paper,
): FittedColumn {
  const [only] = fitColumns(
    [{ name: 'x', ...column }],
    cells.map((cell) => [cell]),
    options,
  );
  if (only === undefined) throw new Error('one column in, none out');
  return only;
}
const encoded = (column: FittedColumn, cells: readonly (number | null)[]): number[] =>
  cells.flatMap((cell) => encodeRow([column], [cell]));

interface VectorCase {
  readonly name: string;
  readonly kinds: readonly ('numeric' | 'nominal')[];
  readonly fit: readonly (readonly (number | null)[])[];
  readonly apply: readonly (readonly (number | null)[])[];
  readonly columns: readonly { mode: number; min?: number; max?: number; categories?: number[] }[];
  readonly result: readonly (readonly number[])[];
}

describe.skipIf(vectorsFolder === null)('reference vectors', () => {
  // The reference takes the fitted categories as vocabulary; the stage takes those of the whole file.
  it.each(vectorCases<VectorCase>('minmax_onehot'))('agree to 1e-9: $name', (reference) => {
    const columns = reference.kinds.map((kind, at): Column => {
      const codes = reference.columns[at]?.categories;
      return { name: `${at}`, kind, ...(codes ? { codes } : {}) };
    });
    const fit = fitColumns(columns, reference.fit, paper);
    fit.forEach((column, at) => {
      const expected = reference.columns[at];
      expect(column.fill).toBe(expected?.mode);
      if (column.kind === 'numeric') expect(column.offset).toBe(expected?.min);
    });
    expect(reference.apply.length).toBeGreaterThan(0);
    reference.apply.forEach((cells, row) => {
      const values = encodeRow(fit, cells);
      const expected = reference.result[row] ?? [];
      expect(values).toHaveLength(expected.length);
      expect(encodedWidth(fit)).toBe(expected.length);
      values.forEach((value, at) =>
        expect(Math.abs(value - (expected[at] ?? NaN))).toBeLessThanOrEqual(1e-9),
      );
    });
  });
});

describe('missing cells', () => {
  it('take the most frequent training value, the smallest on a tie', () => {
    expect(fitted({ kind: 'numeric' }, [7, 3, 3, null, 7, 9]).fill).toBe(3);
    expect(fitted({ kind: 'binary' }, [1, 1, 0, null, null, null]).fill).toBe(1);
    expect(fitted({ kind: 'nominal', codes: [1, 5] }, [5, null, 1]).fill).toBe(1);
  });

  it('take the mean in numeric columns when asked to, and only there', () => {
    const options = { ...paper, numericImpute: 'mean' } as const;
    expect(fitted({ kind: 'numeric' }, [1, 2, 6, null], options).fill).toBe(3);
    expect(fitted({ kind: 'ordinal' }, [1, 2, 6, 6, null], options).fill).toBe(6);
    expect(fitted({ kind: 'binary' }, [1, 1, 0], options).fill).toBe(1);
  });

  it('become 0 in a column without training values', () => {
    expect(encoded(fitted({ kind: 'numeric' }, [null, null]), [null])).toEqual([0]);
    expect(fitted({ kind: 'binary' }, []).fill).toBe(0);
  });
});

describe('scaling', () => {
  it('maps the training range to [0, 1] and does not clip by default', () => {
    const column = fitted({ kind: 'ordinal' }, [2, 6, 4]);
    expect(encoded(column, [2, 4, 6, 8, 0])).toEqual([0, 0.5, 1, 1.5, -0.5]);
    expect(column.range).toBeUndefined();
  });

  it('clips to the training range when asked to, under either scaler', () => {
    const minmax = fitted({ kind: 'numeric' }, [2, 6, 4], { ...paper, clip: true });
    expect(encoded(minmax, [0, 3, 9])).toEqual([0, 0.25, 1]);
    const zscore = fitted({ kind: 'numeric' }, [2, 6, 4], { ...paper, clip: true, scaler: 'zscore' });
    expect(encoded(zscore, [0, 9])).toEqual(encoded(zscore, [2, 6]));
  });

  it('standardises by the population deviation of the filled column', () => {
    const column = fitted({ kind: 'numeric' }, [1, 1, 4, null], { ...paper, scaler: 'zscore' });
    // Filled: 1, 1, 4, 1; mean 7/4, variance 27/16.
    expect(column.offset).toBeCloseTo(1.75, 12);
    expect(column.scale).toBeCloseTo(Math.sqrt(27) / 4, 12);
  });

  it.each(['minmax', 'zscore'] as const)('encodes a constant column to 0 (%s)', (scaler) => {
    const column = fitted({ kind: 'numeric' }, [0.1, 0.1, 0.1, 0.1, 0.1, 0.1], { ...paper, scaler });
    expect(encoded(column, [0.1, null])).toEqual([0, 0]);
    expect(column.scale).toBe(1);
  });

  it('leaves binary columns as they are', () => {
    expect(encoded(fitted({ kind: 'binary' }, [1, 1, 1]), [0, 1])).toEqual([0, 1]);
  });
});

describe('one-hot', () => {
  it('has a place for every code of the file, also those training never saw', () => {
    const column = fitted({ kind: 'nominal', codes: [0, 2, 5] }, [0, 0]);
    expect(encoded(column, [5])).toEqual([0, 0, 1]);
    expect(encodedWidth([column])).toBe(3);
  });

  it('encodes an unknown code to zeros', () => {
    expect(encoded(fitted({ kind: 'nominal', codes: [0, 2, 5] }, [0]), [1])).toEqual([0, 0, 0]);
  });
});
