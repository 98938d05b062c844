import { OnnxGraph, type Edge } from '../tensor/onnx/graph-builder.js';
import {
  addLayerGradient,
  addProduct,
  backEdge,
  denseEdge,
  layerInputs,
  masked,
  stepEdge,
} from '../tensor/onnx/layers.js';
import type { BagEncoder } from './bag-encoder.js';

/**
 * The passes whose cost grows with the number of instances, as ONNX models over a block of R rows. Inputs and outputs
 * that are arrays of the encoder, or gradients of them, have the names of these arrays.
 */
export interface EncoderGraphs {
  /**
   * Inputs: `H` (the instances, [R, width]), the weights, the masks. Results: `embedded` [R, d1], `tanh` and `sigmoid`
   * [R, d2], `scores` [R, 1], and `heads` [R, 2 for each instance head].
   */
  readonly forward: Uint8Array;
  /**
   * Inputs: the instances `H`; the results of `forward`; the dropout masks; `bag` [R] (the bag of each row);
   * `attention` [R, 1]; `pooled` [bags, d1]; the gradients `pooled.gradient` and `heads.gradient`; and, for each array
   * of the encoder before pooling except `score.bias`, the sum of its gradients so far, as `<array>.sum`. Results:
   * `<array>.gradient`, which is this sum plus the gradient of the block.
   */
  readonly backward: Uint8Array;
}

/** Which dropout masks a graph reads. A mask with rate 0 is omitted. */
export interface GraphMasks {
  readonly embed: boolean;
  readonly gates: boolean;
}

/** @param masks null for evaluation */
export const encoderGraphs = (encoder: BagEncoder, masks: GraphMasks): EncoderGraphs => ({
  forward: forwardGraph(encoder, masks),
  backward: backwardGraph(encoder, masks),
});

function maskInputs(
  graph: OnnxGraph,
  masks: GraphMasks,
): Readonly<Record<'embed' | 'tanh' | 'sigmoid', Edge | null>> {
  return {
    embed: masks.embed ? graph.input('mask.embed') : null,
    tanh: masks.gates ? graph.input('mask.tanh') : null,
    sigmoid: masks.gates ? graph.input('mask.sigmoid') : null,
  };
}

/** Eq. 1 and 2 (method.md 4.1), up to the raw scores. */
function forwardGraph({ activation }: BagEncoder, masks: GraphMasks): Uint8Array {
  const graph = new OnnxGraph();
  const mask = maskInputs(graph, masks);
  const layer = (name: string, x: Edge): Edge => denseEdge(graph, x, layerInputs(graph, name));
  const linear = layer('embed', graph.input('H'));
  const active = activation === 'relu' ? graph.add('Relu', [linear]) : linear;
  const embedded =
    mask.embed === null
      ? graph.output('embedded', 'Identity', [active])
      : graph.output('embedded', 'Mul', [active, mask.embed]);
  const tanh = graph.output('tanh', 'Tanh', [layer('tanh', embedded)]);
  const sigmoid = graph.output('sigmoid', 'Sigmoid', [layer('sigmoid', embedded)]);
  const gated = graph.add('Mul', [masked(graph, tanh, mask.tanh), masked(graph, sigmoid, mask.sigmoid)]);
  graph.output('scores', 'Identity', [layer('score', gated)]);
  graph.output('heads', 'Identity', [layer('instance', embedded)]);
  return graph.toBytes();
}

/** The hand-derived backward pass. It computes the same gradients as `encodeBack` in encoder-tensors.ts. */
function backwardGraph({ activation }: BagEncoder, masks: GraphMasks): Uint8Array {
  const graph = new OnnxGraph();
  const mask = maskInputs(graph, masks);
  const [H, embedded] = [graph.input('H'), graph.input('embedded')];
  const [tanh, sigmoid] = [graph.input('tanh'), graph.input('sigmoid')];
  const [attention, dHeads] = [graph.input('attention'), graph.input('heads.gradient')];
  const bag = graph.input('bag', { type: 'int32' });
  const ofBag = (name: string): Edge => graph.add('Gather', [graph.input(name), bag]);
  const one = graph.scalar(1);
  const mul = (a: Edge, b: Edge): Edge => graph.add('Mul', [a, b]);
  const sub = (a: Edge, b: Edge): Edge => graph.add('Sub', [a, b]);

  // The pooled vector of a bag is p = sum_r a_r x_r, with attention a_r and embedded row x_r. Let dp be the
  // gradient of p. Then the gradient of x_r is a_r dp, and through the softmax the gradient of score r is
  // a_r (x_r - p) . dp.
  const direct = mul(ofBag('pooled.gradient'), attention);
  const dScores = graph.add('ReduceSum', [mul(sub(embedded, ofBag('pooled')), direct), graph.whole(1)]);
  const dGated = backEdge(graph, dScores, graph.input('score.weight'));
  const open = { tanh: masked(graph, tanh, mask.tanh), sigmoid: masked(graph, sigmoid, mask.sigmoid) };
  const dTanh = mul(masked(graph, mul(dGated, open.sigmoid), mask.tanh), sub(one, mul(tanh, tanh)));
  const dSigmoid = mul(masked(graph, mul(dGated, open.tanh), mask.sigmoid), mul(sigmoid, sub(one, sigmoid)));
  const back = (d: Edge, name: string, sum: Edge): Edge =>
    backEdge(graph, d, graph.input(`${name}.weight`), sum);
  const dEmbedded = back(dHeads, 'instance', back(dSigmoid, 'sigmoid', back(dTanh, 'tanh', direct)));
  // `embedded` is positive exactly where the input of relu was positive and dropout kept the element. So the step
  // function of `embedded` serves as the derivative of relu.
  const dActive = activation === 'relu' ? mul(dEmbedded, stepEdge(graph, embedded)) : dEmbedded;
  const dLinear = masked(graph, dActive, mask.embed);

  addLayerGradient(graph, 'embed', H, dLinear);
  addLayerGradient(graph, 'tanh', embedded, dTanh);
  addLayerGradient(graph, 'sigmoid', embedded, dSigmoid);
  addLayerGradient(graph, 'instance', embedded, dHeads);
  addProduct(graph, 'score.weight', mul(open.tanh, open.sigmoid), dScores);
  return graph.toBytes();
}
