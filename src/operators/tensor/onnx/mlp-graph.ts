import type { Mlp } from '../mlp.js';
import type { Edge, OnnxGraph } from './graph-builder.js';
import {
  addLayerGradient,
  backEdge,
  denseEdge,
  layerConstants,
  layerInputs,
  masked,
  stepEdge,
  type LayerEdges,
  type TrainedArrays,
} from './layers.js';

/** The weights of both layers of a network, as inputs of an ONNX graph. */
export interface MlpEdges {
  readonly hidden: LayerEdges;
  readonly output: LayerEdges;
}

export const mlpInputs = (graph: OnnxGraph, { name }: Mlp): MlpEdges => ({
  hidden: layerInputs(graph, `${name}.hidden`),
  output: layerInputs(graph, `${name}.output`),
});

/** Output [rows, outputs] of a trained network in evaluation mode, with its weights as constants `<part>.<name>.…`. */
export function trainedMlpEdge(
  graph: OnnxGraph,
  part: string,
  { name, activation }: Mlp,
  trained: TrainedArrays,
  x: Edge,
): Edge {
  const linear = denseEdge(graph, x, layerConstants(graph, part, `${name}.hidden`, trained));
  const hidden = activation === 'relu' ? graph.add('Relu', [linear]) : linear;
  return denseEdge(graph, hidden, layerConstants(graph, part, `${name}.output`, trained));
}

/** Name of the hidden layer after activation and dropout: a result of the forward pass, and an input of the backward pass. */
export const hiddenName = ({ name }: Mlp): string => `${name}.hidden`;

/**
 * The forward pass as an ONNX graph (counterpart of `mlpForward`): the result `hiddenName`, and the output
 * [rows, outputs].
 */
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
 * The backward pass as an ONNX graph (counterpart of `mlpBackward`): results are the gradients of all parameters, each
 * added to its input `.sum`.
 *
 * @returns the gradient of the linear map before the activation; `backEdge` converts it to the gradient of x
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
  // `hidden` is positive exactly where the relu was active and dropout kept the element.
  const dActive = mlp.activation === 'relu' ? graph.add('Mul', [dHidden, stepEdge(graph, hidden)]) : dHidden;
  const dLinear = masked(graph, dActive, mask);
  addLayerGradient(graph, `${mlp.name}.hidden`, x, dLinear);
  return dLinear;
}
