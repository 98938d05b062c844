import { OnnxGraph, type Edge } from '../tensor/onnx/graph-builder.js';
import { backEdge } from '../tensor/onnx/layers.js';
import { mlpBackwardEdge, mlpForwardEdge, mlpInputs } from '../tensor/onnx/mlp-graph.js';
import type { Mlp } from '../tensor/mlp.js';

/**
 * Name of the vectors of B patients that the map of modality m reads, [B, d_m]. They are an input of the forward graph
 * and of the backward graph.
 */
export const mapVectors = ({ name }: Mlp): string => `${name}.vectors`;

/**
 * Forward graph of the maps phi (eq. 4 of the paper) of all modalities at once: vectors -> `u` [B, M, D], and the
 * intermediate results that the backward graph needs. B patients, M modalities, D elements of a projected vector.
 */
export function projectionGraph(maps: readonly Mlp[]): Uint8Array {
  const graph = new OnnxGraph();
  const columns = maps.map((map): Edge => {
    const x = graph.input(mapVectors(map));
    const output = mlpForwardEdge(graph, map, mlpInputs(graph, map), x, null);
    return graph.add('Unsqueeze', [output, graph.whole(1)]);
  });
  graph.output('u', 'Concat', columns, { axis: 1 });
  return graph.toBytes();
}

/**
 * Backward graph: `u.gradient` [B, M, D] -> gradients of all arrays of the maps, and for the maps in `wanted` the
 * gradient of their vectors.
 */
export function projectionBackGraph(maps: readonly Mlp[], wanted: readonly boolean[]): Uint8Array {
  const graph = new OnnxGraph();
  const du = graph.input('u.gradient');
  for (const [m, map] of maps.entries()) {
    const x = graph.input(mapVectors(map));
    const column = graph.add('Slice', [du, graph.whole(m), graph.whole(m + 1), graph.whole(1)]);
    const dOutput = graph.add('Squeeze', [column, graph.whole(1)]);
    const weights = mlpInputs(graph, map);
    const dLinear = mlpBackwardEdge(graph, map, weights, x, null, dOutput);
    if (wanted[m] === true)
      graph.output(`${mapVectors(map)}.gradient`, 'Identity', [
        backEdge(graph, dLinear, weights.hidden.weight),
      ]);
  }
  return graph.toBytes();
}
