import { entryOf, partOf, type ParameterLayout } from '../parameters.js';
import type { Edge, OnnxGraph } from './graph-builder.js';

// Parts of networks as operations of a graph: the ONNX counterparts of `tensor/dense.ts` and `tensor/mlp.ts`. Arrays of a model keep
// their names: `<layer>.weight`, `<layer>.bias`; their gradients end in `.gradient`.

/** Weight and bias of a layer, as inputs or constants of the graph. */
export interface LayerEdges {
  readonly weight: Edge;
  readonly bias: Edge;
}

/** The arrays of a trained model. */
export interface TrainedArrays {
  readonly layout: ParameterLayout;
  readonly values: Float32Array;
}

export const layerInputs = (graph: OnnxGraph, name: string): LayerEdges => ({
  weight: graph.input(`${name}.weight`),
  bias: graph.input(`${name}.bias`),
});

/** Trained weight and bias of a layer as constants of the graph, named `<part>.<layer>.weight` and `<part>.<layer>.bias`. */
export function layerConstants(
  graph: OnnxGraph,
  part: string,
  name: string,
  { layout, values }: TrainedArrays,
): LayerEdges {
  const constant = (of: 'weight' | 'bias'): Edge =>
    graph.constant(`${part}.${name}.${of}`, {
      dims: entryOf(layout, `${name}.${of}`).shape,
      floats: partOf(layout, values, `${name}.${of}`),
    });
  return { weight: constant('weight'), bias: constant('bias') };
}

/** The output `x w + b` of a layer, [rows, outputs]. */
export const denseEdge = (graph: OnnxGraph, x: Edge, { weight, bias }: LayerEdges): Edge =>
  graph.add('Gemm', [x, weight, bias]);

/**
 * Gradient of a layer's input x, given the gradient `d` of its output. If `sum` is given, it is added to the gradient.
 */
export const backEdge = (graph: OnnxGraph, d: Edge, weight: Edge, sum?: Edge): Edge =>
  graph.add('Gemm', [d, weight, ...(sum === undefined ? [] : [sum])], { transB: 1 });

/** Adds the result `<name>.gradient` to the graph: `a^T b` plus the input `<name>.sum`. */
export const addProduct = (graph: OnnxGraph, name: string, a: Edge, b: Edge): Edge =>
  graph.output(`${name}.gradient`, 'Gemm', [a, b, graph.input(`${name}.sum`)], { transA: 1 });

/** Adds the gradients of weight and bias of a layer to the graph as results. Each is added to its input `.sum`. */
export function addLayerGradient(graph: OnnxGraph, name: string, x: Edge, d: Edge): void {
  addProduct(graph, `${name}.weight`, x, d);
  const ofRows = graph.add('ReduceSum', [d, graph.whole(0)], { keepdims: 0 });
  graph.output(`${name}.bias.gradient`, 'Add', [ofRows, graph.input(`${name}.bias.sum`)]);
}

/** x multiplied by the input `mask`, if there is one. */
export const masked = (graph: OnnxGraph, x: Edge, mask: Edge | null): Edge =>
  mask === null ? x : graph.add('Mul', [x, mask]);

/**
 * 1 if x, which has no negative elements, is positive, else 0. It is computed by Mul and Min, because Sign and the
 * comparisons of onnxruntime take four times as long.
 */
export const stepEdge = (graph: OnnxGraph, x: Edge): Edge =>
  graph.add('Min', [graph.add('Mul', [x, graph.scalar(3e38)]), graph.scalar(1)]);
