import { describe, expect, it } from 'vitest';
import { encodedWidth, encodeRow } from '../../src/operators/preprocessing/encode-row.js';
import { fitColumn, type FitOptions } from '../../src/operators/preprocessing/fit-columns.js';
import type { FittedColumn } from '../../src/operators/preprocessing/vectors-data.js';
import type { TypedColumn } from '../../src/operators/tables/typed-column.js';
import { vectorCases, vectorsFolder } from '../support/shared.js';

const paper: FitOptions = { numericImpute: 'mostFrequent', scaler: 'minmax', clip: false };

type Cell = number | null;
const cellsOf = (cells: readonly Cell[]): Float64Array => Float64Array.from(cells, (cell) => cell ?? NaN);

/** One column fitted on its training cells. */
const fitted = (
  column: Omit<TypedColumn, 'name' | 'inferred'>,
  cells: readonly Cell[],
  options = paper,
): FittedColumn => fitColumn({ name: 'x', ...column }, cellsOf(cells), options);

/** Encodes one row of cells to a vector, in double precision. */
function row(columns: readonly FittedColumn[], cells: readonly Cell[]): number[] {
  const values = new Float64Array(encodedWidth(columns));
  encodeRow(columns, (at) => cells[at] ?? NaN, values);
  return [...values];
}
const encoded = (column: FittedColumn, cells: readonly Cell[]): number[] =>
  cells.flatMap((cell) => row([column], [cell]));

/** Cells of a nominal column as the table holds them: positions among the categories. */
const positions = (categories: readonly number[], cells: readonly Cell[]): Cell[] =>
  cells.map((cell) => (cell === null ? null : categories.indexOf(cell)));

interface VectorCase {
  readonly name: string;
  readonly kinds: readonly ('numeric' | 'nominal')[];
  readonly fit: readonly (readonly (number | null)[])[];
  readonly apply: readonly (readonly (number | null)[])[];
  readonly columns: readonly { mode: number; min?: number; max?: number; categories?: number[] }[];
  readonly result: readonly (readonly number[])[];
}

describe.skipIf(vectorsFolder === null)('reference vectors', () => {
  // The reference knows only the categories that it was fitted on. The stage knows all categories of the file. A
  // category that was not fitted has no position, so it is encoded as zeros.
  it.each(vectorCases<VectorCase>('minmax_onehot'))('agree to 1e-9: $name', (reference) => {
    const codesOf = (at: number): readonly number[] => reference.columns[at]?.categories ?? [];
    const columnOf = (at: number, rows: readonly (readonly Cell[])[]): readonly Cell[] => {
      const cells = rows.map((cells) => cells[at] ?? null);
      return reference.kinds[at] === 'nominal' ? positions(codesOf(at), cells) : cells;
    };
    const fit = reference.kinds.map((kind, at) => {
      const categories = codesOf(at).map(String);
      const column = { name: `${at}`, kind, ...(kind === 'nominal' ? { categories } : {}) };
      return fitColumn(column, cellsOf(columnOf(at, reference.fit)), paper);
    });
    fit.forEach((column, at) => {
      const expected = reference.columns[at];
      expect(column.kind === 'nominal' ? codesOf(at)[column.fill] : column.fill).toBe(expected?.mode);
      if (column.kind === 'numeric') expect(column.offset).toBe(expected?.min);
    });
    expect(reference.apply.length).toBeGreaterThan(0);
    const applied = reference.kinds.map((_, at) => columnOf(at, reference.apply));
    reference.apply.forEach((_, r) => {
      const values = row(
        fit,
        applied.map((cells) => cells[r] ?? null),
      );
      const expected = reference.result[r] ?? [];
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
    expect(fitted({ kind: 'nominal', categories: ['a', 'b'] }, [1, null, 0]).fill).toBe(0);
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
    // The cells after filling are 1, 1, 4, 1. Their mean is 7/4, their variance 27/16.
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
  it('has a place for every category of the file, also those training never saw', () => {
    const column = fitted({ kind: 'nominal', categories: ['I', 'II', 'III'] }, [0, 0]);
    expect(encoded(column, [2])).toEqual([0, 0, 1]);
    expect(encodedWidth([column])).toBe(3);
  });

  it('encodes what is no category to zeros', () => {
    const column = fitted({ kind: 'nominal', categories: ['I', 'II', 'III'] }, [0]);
    expect(encoded(column, [3, -1])).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
