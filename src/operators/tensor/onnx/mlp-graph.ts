import type { Mlp } from '../mlp.js';
import type { Edge, OnnxGraph } from './graph-builder.js';
import {
  addLayerGradient,
  backEdge,
  denseEdge,
  layerInputs,
  masked,
  stepEdge,
  type LayerEdges,
} from './layers.js';

/** Both layers of a network, as inputs of a graph. */
export interface MlpEdges {
  readonly hidden: LayerEdges;
  readonly output: LayerEdges;
}

export const mlpInputs = (graph: OnnxGraph, { name }: Mlp): MlpEdges => ({
  hidden: layerInputs(graph, `${name}.hidden`),
  output: layerInputs(graph, `${name}.output`),
});

/** Name of the hidden layer after activation and dropout: a result of the forward pass, an input of the backward pass. */
export const hiddenName = ({ name }: Mlp): string => `${name}.hidden`;

/** `mlpForward`: the result `hiddenName`, and the output [rows, outputs]. */
export function mlpForwardEdge(
  graph: OnnxGraph,
  mlp: Mlp,
  weights: MlpEdges,
  x: Edge,
  mask: Edge | null,
): Edge {
  const linear = denseEdge(graph, x, weights.hidden);
  const active = mlp.activation === 'relu' ? graph.add('Relu', [linear]) : linear;
  const hidden = graph.output(hiddenName(mlp), 'Identity', [masked(graph, active, mask)]);
  return denseEdge(graph, hidden, weights.output);
}

/**
 * `mlpBackward`: results are the gradients of all parameters, each added to its input `.sum`.
 *
 * @returns the gradient of the linear map before the activation; `backEdge` turns it into that of x
 */
export function mlpBackwardEdge(
  graph: OnnxGraph,
  mlp: Mlp,
  weights: MlpEdges,
  x: Edge,
  mask: Edge | null,
  dOutput: Edge,
): Edge {
  const hidden = graph.input(hiddenName(mlp));
  addLayerGradient(graph, `${mlp.name}.output`, hidden, dOutput);
  const dHidden = backEdge(graph, dOutput, weights.output.weight);
  // `hidden` is positive exactly where relu was open and dropout kept the element.
  const dActive = mlp.activation === 'relu' ? graph.add('Mul', [dHidden, stepEdge(graph, hidden)]) : dHidden;
  const dLinear = masked(graph, dActive, mask);
  addLayerGradient(graph, `${mlp.name}.hidden`, x, dLinear);
  return dLinear;
}
