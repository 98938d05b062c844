import type { BagEncoder } from '../stage1/bag-encoder.js';
import type { Edge, OnnxGraph } from '../tensor/onnx/graph-builder.js';
import { denseEdge, layerConstants, type TrainedArrays } from '../tensor/onnx/layers.js';

/** Score of the instances of closed bags. It is so low that their attention is exactly 0 if any other bag is open. */
const closedScore = -3e38;

/** The bag of one modality as an input, and whether it may be read: [1] of bool. */
export interface BagEdges {
  readonly rows: Edge;
  readonly open: Edge;
}

/**
 * The encoder of one bag modality, or of the union of several, over the bags of one patient (method.md 4.1): gated
 * attention, softmax over all instances of open bags, the pooled vector, and the linear map T (`mil.transfer`) if the
 * encoder has one. Instances of closed bags do not affect the result, whatever numbers they contain.
 *
 * @param part prefix of the names of the weights
 * @returns z, [1, embedding]
 */
export function encoderEdge(
  graph: OnnxGraph,
  part: string,
  encoder: BagEncoder,
  trained: TrainedArrays,
  bags: readonly BagEdges[],
): Edge {
  const layer = (name: string, x: Edge): Edge =>
    denseEdge(graph, x, layerConstants(graph, part, name, trained));
  const read = bags.map(({ rows, open }) => graph.add('Where', [open, rows, graph.scalar(0)]));
  const linear = layer('embed', graph.add('Concat', read, { axis: 0 }));
  const embedded = encoder.activation === 'relu' ? graph.add('Relu', [linear]) : linear;
  const tanh = graph.add('Tanh', [layer('tanh', embedded)]);
  const sigmoid = graph.add('Sigmoid', [layer('sigmoid', embedded)]);
  const scores = layer('score', graph.add('Mul', [tanh, sigmoid]));
  const openRows = bags.map(({ rows, open }) => openRowsEdge(graph, rows, open));
  const isOpen = graph.add('Concat', openRows, { axis: 0 });
  const masked = graph.add('Where', [isOpen, scores, graph.scalar(closedScore)]);
  const attention = graph.add('Transpose', [graph.add('Softmax', [masked], { axis: 0 })]);
  const pooled = graph.add('MatMul', [attention, embedded]);
  return encoder.transfer === 'none' ? pooled : layer('transfer', pooled);
}

/** Whether each instance of a bag may be read: [instances, 1] of bool. */
function openRowsEdge(graph: OnnxGraph, rows: Edge, open: Edge): Edge {
  const count = graph.add('Slice', [graph.add('Shape', [rows]), graph.whole(0), graph.whole(1)]);
  const shape = graph.add('Concat', [count, graph.whole(1)], { axis: 0 });
  return graph.add('Expand', [open, shape]);
}
