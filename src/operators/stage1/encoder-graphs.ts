import { OnnxGraph, type Edge } from '../tensor/onnx/graph-builder.js';
import type { Encoder } from './encoder.js';

/**
 * The passes of the encoder that grow with the number of instances, as ONNX models over a block of R rows. Inputs and
 * outputs that are arrays of the encoder, or their gradients, have its names.
 */
export interface EncoderGraphs {
  /** `H`, weights, masks -> `embedded` [R, d1], `tanh`, `sigmoid` [R, d2], `scores` [R, 1], `heads` [R, 2H] */
  readonly forward: Uint8Array;
  /**
   * `H`, what forward gave, masks, `bag` [R] (the bag a row is of), `attention` [R, 1], `pooled` [P, d1] and the gradients
   * `pooled.gradient` and `heads.gradient` -> gradients of all arrays before pooling but `score.bias`, each with what is
   * given as its `.sum` added
   */
  readonly backward: Uint8Array;
}

/** Which dropout masks a graph reads; one that keeps everything is left out. */
export interface GraphMasks {
  readonly embed: boolean;
  readonly gates: boolean;
}

/** @param masks null for evaluation */
export const encoderGraphs = (encoder: Encoder, masks: GraphMasks): EncoderGraphs => ({
  forward: forwardGraph(encoder, masks),
  backward: backwardGraph(encoder, masks),
});

/** An input that multiplies, where there is one. */
const masked = (graph: OnnxGraph, x: Edge, mask: Edge | null): Edge =>
  mask === null ? x : graph.add('Mul', [x, mask]);

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

/** 1 where x, which has no negative elements, is positive; else 0. The kernels of Sign and of comparisons take four times as long. */
const step = (graph: OnnxGraph, x: Edge, one: Edge): Edge => {
  const huge = graph.constant('huge', { dims: [], floats: [3e38] });
  return graph.add('Min', [graph.add('Mul', [x, huge]), one]);
};

/** Eq. 1 and 2 (method.md 4.1), up to the raw scores. */
function forwardGraph({ activation }: Encoder, masks: GraphMasks): Uint8Array {
  const graph = new OnnxGraph();
  const mask = maskInputs(graph, masks);
  const layer = (name: string): readonly [Edge, Edge] => [
    graph.input(`${name}.weight`),
    graph.input(`${name}.bias`),
  ];
  const linear = graph.add('Gemm', [graph.input('H'), ...layer('embed')]);
  const active = activation === 'relu' ? graph.add('Relu', [linear]) : linear;
  const embedded =
    mask.embed === null
      ? graph.output('embedded', 'Identity', [active])
      : graph.output('embedded', 'Mul', [active, mask.embed]);
  const tanh = graph.output('tanh', 'Tanh', [graph.add('Gemm', [embedded, ...layer('tanh')])]);
  const sigmoid = graph.output('sigmoid', 'Sigmoid', [graph.add('Gemm', [embedded, ...layer('sigmoid')])]);
  const gated = graph.add('Mul', [masked(graph, tanh, mask.tanh), masked(graph, sigmoid, mask.sigmoid)]);
  graph.output('scores', 'Gemm', [gated, ...layer('score')]);
  graph.output('heads', 'Gemm', [embedded, ...layer('instance')]);
  return graph.toBytes();
}

/** The hand-derived backward pass, as `encodeBack` in encoder-tensors.ts. */
function backwardGraph({ activation }: Encoder, masks: GraphMasks): Uint8Array {
  const graph = new OnnxGraph();
  const mask = maskInputs(graph, masks);
  const [H, embedded] = [graph.input('H'), graph.input('embedded')];
  const [tanh, sigmoid] = [graph.input('tanh'), graph.input('sigmoid')];
  const [attention, dHeads] = [graph.input('attention'), graph.input('heads.gradient')];
  const bag = graph.input('bag', { type: 'int32' });
  const ofBag = (name: string): Edge => graph.add('Gather', [graph.input(name), bag]);
  const columns = graph.constant('columns', { dims: [1], ints: [1] });
  const rows = graph.constant('rows', { dims: [1], ints: [0] });
  const one = graph.constant('one', { dims: [], floats: [1] });
  const mul = (a: Edge, b: Edge): Edge => graph.add('Mul', [a, b]);
  const sub = (a: Edge, b: Edge): Edge => graph.add('Sub', [a, b]);

  // p = sum_r a_r x_r, so dx_r = a_r dp, and through the softmax dr_r = a_r (x_r - p) . dp.
  const direct = mul(ofBag('pooled.gradient'), attention);
  const dScores = graph.add('ReduceSum', [mul(sub(embedded, ofBag('pooled')), direct), columns]);
  const dGated = graph.add('Gemm', [dScores, graph.input('score.weight')], { transB: 1 });
  const open = { tanh: masked(graph, tanh, mask.tanh), sigmoid: masked(graph, sigmoid, mask.sigmoid) };
  const dTanh = mul(masked(graph, mul(dGated, open.sigmoid), mask.tanh), sub(one, mul(tanh, tanh)));
  const dSigmoid = mul(masked(graph, mul(dGated, open.tanh), mask.sigmoid), mul(sigmoid, sub(one, sigmoid)));
  const back = (d: Edge, name: string, sum: Edge): Edge =>
    graph.add('Gemm', [d, graph.input(`${name}.weight`), sum], { transB: 1 });
  const dEmbedded = back(dHeads, 'instance', back(dSigmoid, 'sigmoid', back(dTanh, 'tanh', direct)));
  // `embedded` is positive exactly where relu was open and dropout kept the element.
  const dActive = activation === 'relu' ? mul(dEmbedded, step(graph, embedded, one)) : dEmbedded;
  const dLinear = masked(graph, dActive, mask.embed);

  const addProduct = (name: string, a: Edge, b: Edge): Edge =>
    graph.output(`${name}.gradient`, 'Gemm', [a, b, graph.input(`${name}.sum`)], { transA: 1 });
  const layer = (name: string, x: Edge, d: Edge): void => {
    addProduct(`${name}.weight`, x, d);
    const ofRows = graph.add('ReduceSum', [d, rows], { keepdims: 0 });
    graph.output(`${name}.bias.gradient`, 'Add', [ofRows, graph.input(`${name}.bias.sum`)]);
  };
  layer('embed', H, dLinear);
  layer('tanh', embedded, dTanh);
  layer('sigmoid', embedded, dSigmoid);
  layer('instance', embedded, dHeads);
  addProduct('score.weight', mul(open.tanh, open.sigmoid), dScores);
  return graph.toBytes();
}
