import { writeFileSync } from 'node:fs';
import { OnnxGraph, type OnnxConstant } from '../../src/operators/tensor/onnx/graph-builder.js';

/** One operation of the model's graph. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
}

/** A model that is small enough to compute by hand. A dimension given as text may have any size. */
export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly weights: Readonly<Record<string, OnnxConstant>>;
  readonly inputs: Readonly<Record<string, readonly (number | string)[]>>;
  readonly output: string;
}

/** Writes an ONNX file. */
export function writeOnnxFile(path: string, { nodes, weights, inputs, output }: OnnxModel): void {
  const graph = new OnnxGraph();
  for (const [name, dims] of Object.entries(inputs)) graph.input(name, { dims });
  for (const [name, value] of Object.entries(weights)) graph.constant(name, value);
  const edges = new Map<string, string>();
  for (const node of nodes) {
    const from = node.inputs.map((name) => edges.get(name) ?? name);
    const add = node.output === output ? graph.output(output, node.op, from) : graph.add(node.op, from);
    edges.set(node.output, add);
  }
  writeFileSync(path, graph.toBytes());
}

/** An encoder that multiplies the mean of each channel by a matrix [3, width]. */
export function poolingEncoder(side: number, width: number, batch: number | string = 'batch'): OnnxModel {
  const matrix = Array.from({ length: 3 * width }, (_, i) => ((i * 7) % 11) / 11 - 0.4);
  return {
    inputs: { pixels: [batch, 3, side, side] },
    weights: { matrix: { dims: [3, width], floats: matrix } },
    nodes: [
      { op: 'GlobalAveragePool', inputs: ['pixels'], output: 'pooled' },
      { op: 'Flatten', inputs: ['pooled'], output: 'means' },
      { op: 'MatMul', inputs: ['means', 'matrix'], output: 'embedding' },
    ],
    output: 'embedding',
  };
}

/** Like `poolingEncoder`, but with the output [batch, tokens, width / tokens] of a vision transformer (ViT). */
export function tokenEncoder(side: number, width: number, tokens: number): OnnxModel {
  const pooling = poolingEncoder(side, width);
  return {
    ...pooling,
    weights: { ...pooling.weights, shape: { dims: [3], ints: [-1, tokens, width / tokens] } },
    nodes: [...pooling.nodes, { op: 'Reshape', inputs: ['embedding', 'shape'], output: 'tokens' }],
    output: 'tokens',
  };
}
