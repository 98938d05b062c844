import { OnnxGraph, type Edge } from '../tensor/onnx/graph-builder.js';
import { addLayerGradient, backEdge, denseEdge, layerInputs } from '../tensor/onnx/layers.js';
import { mlpBackwardEdge, mlpForwardEdge, mlpInputs } from '../tensor/onnx/mlp-graph.js';
import { mapNames, type FusionNet } from './fusion-net.js';

/** The options that a graph depends on, besides the network. */
export interface FusionGraphOptions {
  /** Number of passes. Each pass reads the same patients under another mask. */
  readonly passes: number;
  readonly dropout: boolean;
}

/** Name of the vectors of input `m` of the network, [B, d_m]. */
export const vectorsName = ({ inputs }: FusionNet, m: number): string => `vectors.${inputs[m]?.modality}`;

/**
 * The first part of the forward and the backward graph: from the vectors of the modalities to the input of the fusion
 * network, with zeros in slots that are not open.
 */
function joinedEdge(graph: OnnxGraph, net: FusionNet, passes: number) {
  const names = mapNames(net);
  const vectors = net.inputs.map((_, m) => graph.input(vectorsName(net, m)));
  const maps = names.map((name) => (name === null ? null : layerInputs(graph, name)));
  const mapped = vectors.map((x, m): Edge => {
    const map = maps[m] ?? null;
    return map === null ? x : denseEdge(graph, x, map);
  });
  const slots = graph.add('Concat', mapped, { axis: 1 });
  const repeated = graph.add('Concat', new Array<Edge>(passes).fill(slots), { axis: 0 });
  const open = graph.input('open');
  return { names, vectors, maps, open, joined: graph.add('Mul', [repeated, open]) };
}

/**
 * The forward graph. Inputs: all arrays of the network, the vectors of each modality, `open` [passes * B, joined], and
 * `dropout` if requested. Results: `outputs` [passes * B, logits], and the hidden layer for the backward graph.
 */
export function fusionGraph(net: FusionNet, { passes, dropout }: FusionGraphOptions): Uint8Array {
  const graph = new OnnxGraph();
  const { joined } = joinedEdge(graph, net, passes);
  const mask = dropout ? graph.input('dropout') : null;
  const output = mlpForwardEdge(graph, net.mlp, mlpInputs(graph, net.mlp), joined, mask);
  graph.output('outputs', 'Identity', [output]);
  return graph.toBytes();
}

/**
 * The backward graph. Inputs: those of the forward graph, its hidden layer, `outputs.gradient`, and the sums to which
 * gradients are added. Results: the new sums for all arrays and, if `vectorsWanted`, `<vectors>.gradient` of each
 * modality.
 */
export function fusionBackGraph(
  net: FusionNet,
  { passes, dropout }: FusionGraphOptions,
  vectorsWanted: boolean,
): Uint8Array {
  const graph = new OnnxGraph();
  const { names, vectors, maps, open, joined } = joinedEdge(graph, net, passes);
  const mask = dropout ? graph.input('dropout') : null;
  const weights = mlpInputs(graph, net.mlp);
  const dOutputs = graph.input('outputs.gradient');
  const dLinear = mlpBackwardEdge(graph, net.mlp, weights, joined, mask, dOutputs);
  if (!vectorsWanted && names.every((name) => name === null)) return graph.toBytes();
  const dJoined = graph.add('Mul', [backEdge(graph, dLinear, weights.hidden.weight), open]);
  // All passes read the same vectors, so their gradients are added.
  const byPass = graph.add('Reshape', [dJoined, graph.whole(passes, -1, net.mlp.inputs)]);
  const dOnce = graph.add('ReduceSum', [byPass, graph.whole(0)], { keepdims: 0 });
  let from = 0;
  for (const [m, x] of vectors.entries()) {
    const to = from + (net.slots[m] as number);
    const dSlot = graph.add('Slice', [dOnce, graph.whole(from), graph.whole(to), graph.whole(1)]);
    from = to;
    const [name, map] = [names[m] ?? null, maps[m] ?? null];
    if (name !== null) addLayerGradient(graph, name, x, dSlot);
    if (vectorsWanted)
      graph.output(`${vectorsName(net, m)}.gradient`, 'Identity', [
        map === null ? dSlot : backEdge(graph, dSlot, map.weight),
      ]);
  }
  return graph.toBytes();
}
