import type { Rng } from '../../pipeline/core/rng.js';
import type { Matrix } from '../survival/matrix.js';
import type { Tree } from './forest-data.js';

export interface ForestOptions {
  readonly trees: number;
  /** Minimum number of bootstrap draws in a leaf. */
  readonly minLeaf: number;
}

/** A split of the bootstrap draws in a node. */
interface Split {
  readonly feature: number;
  readonly threshold: number;
  /** Rank of the largest value on the left side. */
  readonly rank: number;
  /** Weighted Gini impurity of both sides. */
  readonly impurity: number;
}

/**
 * Random forest of classification trees (Breiman 2001): each tree is grown on a bootstrap sample of the patients, and each node uses
 * the best of sqrt(columns) randomly drawn columns, by Gini impurity. Columns with only one value in a node do not count as drawn.
 *
 * @param x [patients, columns]
 * @param y class of each
 */
export function growForest(
  x: Matrix,
  y: readonly (0 | 1)[],
  { trees, minLeaf }: ForestOptions,
  random: Rng,
): readonly Tree[] {
  const columns = Array.from({ length: x.columns }, (_, c) => rankedColumn(x, c));
  const drawn = Math.max(1, Math.round(Math.sqrt(x.columns)));
  return Array.from({ length: trees }, () => {
    const sample = Int32Array.from({ length: x.rows }, () => random.int(x.rows));
    return growTree(columns, y, sample, { drawn, minLeaf }, random);
  });
}

/** A column, given by the ranks of its values. */
interface RankedColumn {
  /** The distinct values of the column, ascending. The rank of a value is its position here. */
  readonly values: Float64Array;
  readonly ranks: Int32Array;
}

function rankedColumn({ rows, columns, values }: Matrix, column: number): RankedColumn {
  const cells = Float64Array.from({ length: rows }, (_, row) => values[row * columns + column] as number);
  const distinct = Float64Array.from(new Set(cells)).sort();
  const rankOf = new Map(Array.from(distinct, (value, rank) => [value, rank]));
  return { values: distinct, ranks: Int32Array.from(cells, (value) => rankOf.get(value) as number) };
}

function growTree(
  columns: readonly RankedColumn[],
  y: readonly (0 | 1)[],
  sample: Int32Array,
  { drawn, minLeaf }: { readonly drawn: number; readonly minLeaf: number },
  random: Rng,
): Tree {
  const tree: Tree = { feature: [], value: [], right: [] };
  const order = Int32Array.from(columns.keys());
  grow(sample);
  return tree;

  function grow(members: Int32Array): void {
    const node = tree.feature.length;
    let events = 0;
    for (const row of members) events += y[row] as number;
    const split =
      events === 0 || events === members.length || members.length < 2 * minLeaf
        ? null
        : bestOfDrawn(members, events);
    tree.feature.push(split?.feature ?? -1);
    tree.value.push(split?.threshold ?? events / members.length);
    tree.right.push(0);
    if (split === null) return;
    const { ranks } = columns[split.feature] as RankedColumn;
    grow(members.filter((row) => (ranks[row] as number) <= split.rank));
    tree.right[node] = tree.feature.length;
    grow(members.filter((row) => (ranks[row] as number) > split.rank));
  }

  /** A partial Fisher-Yates shuffle draws columns until enough of them have at least two values in this node. */
  function bestOfDrawn(members: Int32Array, events: number): Split | null {
    let best: Split | null = null;
    for (let at = 0, tried = 0; at < order.length && tried < drawn; at++) {
      const other = at + random.int(order.length - at);
      const feature = order[other] as number;
      order[other] = order[at] as number;
      order[at] = feature;
      const column = columns[feature] as RankedColumn;
      const first = column.ranks[members[0] as number];
      if (members.every((row) => column.ranks[row] === first)) continue;
      tried++;
      const split = bestOfColumn(feature, column, members, events);
      if (split !== null && (best === null || split.impurity < best.impurity)) best = split;
    }
    return best;
  }

  function bestOfColumn(
    feature: number,
    { ranks, values }: RankedColumn,
    members: Int32Array,
    events: number,
  ): Split | null {
    // Rank and class are combined in one number, which can be sorted without a comparison function.
    const sorted = members.map((row) => 2 * (ranks[row] as number) + (y[row] as number)).sort();
    const count = sorted.length;
    let best: Split | null = null;
    let left = 0;
    for (let k = 1; k < count; k++) {
      left += (sorted[k - 1] as number) & 1;
      const [rank, next] = [(sorted[k - 1] as number) >> 1, (sorted[k] as number) >> 1];
      if (rank === next || k < minLeaf || count - k < minLeaf) continue;
      const right = events - left;
      const impurity = left - left ** 2 / k + right - right ** 2 / (count - k);
      if (best !== null && impurity >= best.impurity) continue;
      const [low, high] = [values[rank] as number, values[next] as number];
      const middle = low + (high - low) / 2;
      // Between adjacent floating-point numbers the midpoint rounds to one of them. If it is the higher number, the
      // lower number is the threshold, so that the threshold still separates them.
      best = { feature, rank, impurity, threshold: middle < high ? middle : low };
    }
    return best;
  }
}

/** For each patient, the mean over the trees of the fraction of events in the leaf that the patient reaches. */
export function forestShares(trees: readonly Tree[], { rows, columns, values }: Matrix): Float64Array {
  const shares = new Float64Array(rows);
  for (const { feature, value, right } of trees)
    for (let row = 0; row < rows; row++) {
      let node = 0;
      for (let asked = feature[0] as number; asked >= 0; asked = feature[node] as number)
        node =
          (values[row * columns + asked] as number) <= (value[node] as number)
            ? node + 1
            : (right[node] as number);
      shares[row] = (shares[row] as number) + (value[node] as number);
    }
  return shares.map((sum) => sum / trees.length);
}
