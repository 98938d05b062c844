/** A constant tensor. Its values are float32 (`floats`), float64 (`doubles`) or int64 (`ints`, for example a shape). */
export interface OnnxConstant {
  readonly dims: readonly number[];
  readonly floats?: ArrayLike<number>;
  readonly doubles?: ArrayLike<number>;
  readonly ints?: readonly number[];
}

/** Element type of an input of the model, and its shape if known. A dimension given as text is variable. */
export interface OnnxInput {
  readonly type?: 'float32' | 'float64' | 'int32';
  readonly dims?: readonly (number | string)[];
}

/** The name of a tensor inside a graph. Names with a slash are created by the builder. */
export type Edge = string;

type Attributes = Readonly<Record<string, number>>;
type Field = readonly [number: number, value: number | string | Buffer];

/**
 * An ONNX model written in code, operation by operation (IR version 8, operator set 13). Operations have the names of the ONNX
 * operator reference; attributes are whole numbers.
 */
export class OnnxGraph {
  private readonly nodes: Buffer[] = [];
  /** Constants by name. */
  private readonly constants = new Map<string, Buffer>();
  private readonly inputs: Buffer[] = [];
  private readonly outputs: Buffer[] = [];

  input(name: string, { type = 'float32', dims }: OnnxInput = {}): Edge {
    this.inputs.push(valueInfo(name, elementTypes[type], dims));
    return name;
  }

  constant(name: string, value: OnnxConstant): Edge {
    this.constants.set(name, tensor(name, value));
    return name;
  }

  /** Adds a constant: one float32 number, which operations broadcast. */
  scalar(value: number): Edge {
    return this.constant(`scalar/${value}`, { dims: [], floats: [value] });
  }

  /** Adds a constant: a list of int64 numbers, for axes, bounds or shapes of operations. */
  whole(...values: readonly number[]): Edge {
    return this.constant(`whole/${values.join('_')}`, { dims: [values.length], ints: values });
  }

  /** Converts the numbers of a tensor to another type. */
  cast(edge: Edge, type: 'float32' | 'float64'): Edge {
    return this.add('Cast', [edge], { to: elementTypes[type] });
  }

  /** Adds an operation and returns its output. */
  add(op: string, inputs: readonly Edge[], attributes: Attributes = {}): Edge {
    return this.named(`${op}/${this.nodes.length}`, op, inputs, attributes);
  }

  private named(name: string, op: string, inputs: readonly Edge[], attributes: Attributes = {}): Edge {
    this.nodes.push(
      message(
        ...inputs.map((input): Field => [1, input]),
        [2, name],
        [4, op],
        ...Object.entries(attributes).map(([key, value]): Field => [
          5,
          message([1, key], [3, value], [20, intAttribute]),
        ]),
      ),
    );
    return name;
  }

  /** Adds an operation. Its float32 output is the result `name` of the model. */
  output(name: string, op: string, inputs: readonly Edge[], attributes: Attributes = {}): Edge {
    this.outputs.push(valueInfo(name, elementTypes.float32));
    return this.named(name, op, inputs, attributes);
  }

  /** Makes a tensor the result `name` of the model. Its shape is stored, because checkers of ONNX files require it. */
  result(name: string, edge: Edge, dims: readonly (number | string)[]): Edge {
    this.outputs.push(valueInfo(name, elementTypes.float32, dims));
    return this.named(name, 'Identity', [edge]);
  }

  /** The bytes of an .onnx file. */
  toBytes(): Uint8Array {
    const graph = message(
      ...this.nodes.map((node): Field => [1, node]),
      [2, 'graph'],
      ...[...this.constants.values()].map((constant): Field => [5, constant]),
      ...this.inputs.map((input): Field => [11, input]),
      ...this.outputs.map((output): Field => [12, output]),
    );
    return message([1, 8], [7, graph], [8, message([1, ''], [2, 13])]);
  }
}

const elementTypes = { float32: 1, int32: 6, int64: 7, float64: 11 } as const;
const intAttribute = 2;

function tensor(name: string, { dims, floats, doubles, ints }: OnnxConstant): Buffer {
  const [type, values] = floats
    ? [elementTypes.float32, Float32Array.from(floats)]
    : doubles
      ? [elementTypes.float64, Float64Array.from(doubles)]
      : [elementTypes.int64, BigInt64Array.from((ints ?? []).map(BigInt))];
  const sizes = dims.map((size): Field => [1, size]);
  return message(...sizes, [2, type], [8, name], [9, Buffer.from(values.buffer)]);
}

function valueInfo(name: string, type: number, dims?: readonly (number | string)[]): Buffer {
  const shape = dims?.map((size): Field => [1, message(typeof size === 'number' ? [1, size] : [2, size])]);
  const ofTensor = message([1, type], ...(shape ? [[2, message(...shape)] as const] : []));
  return message([1, name], [2, message([1, ofTensor])]);
}

/** Protocol-buffer wire format: numbers as varints, everything else with its length in front. */
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
