import type { FittedColumn } from '../preprocessing/vectors-data.js';
import type { Edge, OnnxGraph } from '../tensor/onnx/graph-builder.js';

/**
 * Computes the vector of a table row, with the same result as `encodeRow`. A column without a scale, an offset, a range
 * or a list of known values gets constants that change nothing. The graph computes in float64 like preprocessing,
 * because float32 cannot represent a date of eight digits exactly.
 *
 * @param row [1, names], float64; NaN is a missing value
 * @param names names of the row's numbers
 * @param columns the fitted columns of the fold, in the order of the vector
 * @returns [1, d], float32
 */
export function encodedRowEdge(
  graph: OnnxGraph,
  table: string,
  row: Edge,
  names: readonly string[],
  columns: readonly FittedColumn[],
): Edge {
  const constant = (name: string, doubles: readonly number[], rows = 1): Edge =>
    graph.constant(`${table}/${name}`, { dims: [rows, doubles.length / rows], doubles });
  const gather = (edge: Edge, at: readonly number[]): Edge =>
    graph.add('Gather', [edge, graph.whole(...at)], { axis: 1 });
  const isOne = (name: string, flags: readonly boolean[]): Edge =>
    graph.add('Greater', [constant(name, flags.map(Number)), constant('zero', [0])]);

  const values = gather(
    row,
    columns.map(({ name }) => positionOf(name, names)),
  );
  // Matrix of `most` known values for each column of the table. A column with fewer values repeats its first one.
  const most = Math.max(1, ...columns.map(({ known }) => known?.length ?? 0));
  const known = Array.from({ length: most }, (_, k) =>
    columns.map((column) => column.known?.[k] ?? column.known?.[0] ?? 0),
  );
  const equal = graph.add('Equal', [values, constant('known', known.flat(), most)]);
  const listed = graph.add('ReduceSum', [graph.cast(equal, 'float64'), graph.whole(0)], { keepdims: 1 });
  const usable = graph.add('Or', [
    graph.add('Greater', [listed, constant('zero', [0])]),
    isOne(
      'any',
      columns.map((column) => column.known === undefined),
    ),
  ]);
  const unusable = graph.add('Or', [graph.add('IsNaN', [values]), graph.add('Not', [usable])]);
  const low = constant(
    'low',
    columns.map(({ range }) => range?.[0] ?? -Infinity),
  );
  const high = constant(
    'high',
    columns.map(({ range }) => range?.[1] ?? Infinity),
  );
  const inRange = graph.add('Min', [graph.add('Max', [values, low]), high]);
  const filled = graph.add('Where', [
    unusable,
    constant(
      'fill',
      columns.map(({ fill }) => fill),
    ),
    inRange,
  ]);
  const offset = constant(
    'offset',
    columns.map((column) => column.offset ?? 0),
  );
  const scale = constant(
    'scale',
    columns.map((column) => column.scale ?? 1),
  );
  const scaled = graph.add('Div', [graph.add('Sub', [filled, offset]), scale]);

  // Each entry is one number of the vector: a category of a nominal column, or the scaled value of another column.
  const parts = columns.flatMap(({ kind, categories = [] }, at) =>
    kind === 'nominal' ? categories.map((_, code) => ({ at, code })) : [{ at, code: -1 }],
  );
  const from = parts.map(({ at }) => at);
  const isCode = graph.add('Equal', [
    gather(filled, from),
    constant(
      'code',
      parts.map(({ code }) => code),
    ),
  ]);
  const vector = graph.add('Where', [
    isOne(
      'nominal',
      parts.map(({ code }) => code >= 0),
    ),
    graph.cast(isCode, 'float64'),
    gather(scaled, from),
  ]);
  return graph.cast(vector, 'float32');
}

function positionOf(name: string, names: readonly string[]): number {
  const at = names.indexOf(name);
  if (at === -1) throw new Error(`The exported table has no column "${name}"`);
  return at;
}
