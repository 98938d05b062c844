import { describe, expect, it } from 'vitest';
import { forestShares, growForest } from '../../src/operators/classic/forest.js';
import type { Tree } from '../../src/operators/classic/forest-data.js';
import type { Matrix } from '../../src/operators/survival/matrix.js';
import { auc } from '../../src/operators/stats/auc.js';
import { grouped } from '../../src/pipeline/core/grouped.js';
import { rng } from '../../src/pipeline/core/rng.js';

const matrix = (rows: readonly (readonly number[])[]): Matrix => ({
  rows: rows.length,
  columns: rows[0]?.length ?? 0,
  values: Float64Array.from(rows.flat()),
});
const options = { trees: 60, minLeaf: 3 };

/** The class is the exclusive or of the signs of two columns out of four. A linear model cannot separate it. */
function invented(seed: number, patients: number): { readonly x: Matrix; readonly y: readonly (0 | 1)[] } {
  const stream = rng(seed, 'forest');
  const rows = Array.from({ length: patients }, () => Array.from({ length: 4 }, () => stream.normal()));
  return { x: matrix(rows), y: rows.map(([a = 0, b = 0]) => (a > 0 !== b > 0 ? 1 : 0)) };
}

describe('a random forest', () => {
  const { x, y } = invented(1, 300);
  const trees = growForest(x, y, options, rng(1, 'trees'));

  it('learns what no straight line separates, for patients it has not seen', () => {
    const other = invented(2, 200);
    expect(auc(other.y, [...forestShares(trees, other.x)])).toBeGreaterThan(0.9);
  });

  it('grows again from the same stream, and others from another', () => {
    expect(growForest(x, y, options, rng(1, 'trees'))).toEqual(trees);
    expect(growForest(x, y, options, rng(2, 'trees'))).not.toEqual(trees);
  });

  it('puts the bootstrap sample of a tree into its leaves: shares and sizes recomputed', () => {
    const random = rng(7, 'one');
    const [tree] = growForest(x, y, { trees: 1, minLeaf: 3 }, random) as [Tree];
    const again = rng(7, 'one');
    const sample = Array.from({ length: x.rows }, () => again.int(x.rows));
    const leafOf = (row: number): number => {
      let node = 0;
      while ((tree.feature[node] ?? -1) >= 0)
        node =
          (x.values[4 * row + (tree.feature[node] ?? 0)] ?? NaN) <= (tree.value[node] ?? NaN)
            ? node + 1
            : (tree.right[node] ?? NaN);
      return node;
    };
    const leaves = grouped(sample.map((row) => [leafOf(row), row] as const));
    expect([...leaves.keys()].sort((a, b) => a - b)).toEqual(
      tree.feature.flatMap((feature, node) => (feature < 0 ? [node] : [])),
    );
    for (const [leaf, rows] of leaves) {
      expect(rows.length).toBeGreaterThanOrEqual(3);
      expect(tree.value[leaf]).toBe(rows.filter((row) => y[row] === 1).length / rows.length);
    }
  });

  it('splits at the best threshold of a column, by all thresholds tried one by one', () => {
    const stream = rng(3, 'column');
    const column = matrix(Array.from({ length: 40 }, () => [Math.round(10 * stream.uniform())]));
    const classes = Array.from(column.values, (value): 0 | 1 => (value + 4 * stream.normal() > 5 ? 1 : 0));
    const [tree] = growForest(column, classes, { trees: 1, minLeaf: 1 }, rng(9, 'one')) as [Tree];
    const again = rng(9, 'one');
    const sample = Array.from({ length: 40 }, () => again.int(40));
    const impurity = (threshold: number): number =>
      [true, false]
        .map((left) => sample.filter((row) => (column.values[row] ?? NaN) <= threshold === left))
        .reduce((sum, rows) => {
          const p = rows.filter((row) => classes[row] === 1).length / rows.length;
          return rows.length === 0 ? Infinity : sum + rows.length * p * (1 - p);
        }, 0);
    const best = Math.min(...Array.from({ length: 10 }, (_, k) => impurity(k + 0.25)));
    expect(impurity(tree.value[0] ?? NaN)).toBeCloseTo(best, 10);
  });

  it('is a single leaf where nothing can be split', () => {
    const same = matrix(Array.from({ length: 10 }, () => [1, 2]));
    const classes = Array.from({ length: 10 }, (_, i): 0 | 1 => (i % 2 === 0 ? 1 : 0));
    for (const tree of growForest(same, classes, { trees: 3, minLeaf: 1 }, rng(1, 'x')))
      expect(tree.feature).toEqual([-1]);
  });
});
