import { writeFileSync } from 'node:fs';

/** A tensor of the model: float32 weights, or int64 numbers such as a shape. */
export interface Weights {
  readonly dims: readonly number[];
  readonly floats?: readonly number[];
  readonly ints?: readonly number[];
}

/** One operation of the graph. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
}

/** A model small enough to be computed by hand. A dimension given as text is free. */
export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly weights: Readonly<Record<string, Weights>>;
  readonly inputs: Readonly<Record<string, readonly (number | string)[]>>;
  readonly output: string;
}

type Field = readonly [number: number, value: number | string | Buffer];

/** Protocol-buffer wire format: numbers as varints, everything else with its length before it. */
function message(...fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (typeof value === 'number') return [varint(number << 3), varint(value)];
      const bytes = typeof value === 'string' ? Buffer.from(value) : value;
      return [varint((number << 3) | 2), varint(bytes.length), bytes];
    }),
  );
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  // Negative numbers, such as the -1 of a shape, are ten bytes of two's complement.
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}

const [float, int64] = [1, 7];

function tensor(name: string, { dims, floats, ints }: Weights): Buffer {
  const raw = floats
    ? Buffer.from(Float32Array.from(floats).buffer)
    : Buffer.from(BigInt64Array.from((ints ?? []).map(BigInt)).buffer);
  const sizes = dims.map((size): Field => [1, size]);
  return message(...sizes, [2, floats ? float : int64], [8, name], [9, raw]);
}

function valueInfo(name: string, dims: readonly (number | string)[]): Buffer {
  const shape = message(
    ...dims.map((size): Field => [1, message(typeof size === 'number' ? [1, size] : [2, size])]),
  );
  return message([1, name], [2, message([1, message([1, float], [2, shape])])]);
}

/** Writes an ONNX file (IR version 8, operator set 13). */
export function writeOnnxFile(path: string, { nodes, weights, inputs, output }: OnnxGraph): void {
  const graph = message(
    ...nodes.map(({ op, inputs: from, output: to }): Field => [
      1,
      message(...from.map((name): Field => [1, name]), [2, to], [4, op]),
    ]),
    [2, 'graph'],
    ...Object.entries(weights).map(([name, value]): Field => [5, tensor(name, value)]),
    ...Object.entries(inputs).map(([name, dims]): Field => [11, valueInfo(name, dims)]),
    [12, message([1, output], [2, message([1, message([1, float])])])],
  );
  writeFileSync(path, message([1, 8], [7, graph], [8, message([1, ''], [2, 13])]));
}

/** An encoder that multiplies the mean of each channel by a matrix [3, width]. */
export function poolingEncoder(side: number, width: number, batch: number | string = 'batch'): OnnxGraph {
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

/** The same, but its output is [batch, tokens, width / tokens], as a ViT gives its tokens. */
export function tokenEncoder(side: number, width: number, tokens: number): OnnxGraph {
  const pooling = poolingEncoder(side, width);
  return {
    ...pooling,
    weights: { ...pooling.weights, shape: { dims: [3], ints: [-1, tokens, width / tokens] } },
    nodes: [...pooling.nodes, { op: 'Reshape', inputs: ['embedding', 'shape'], output: 'tokens' }],
    output: 'tokens',
  };
}
