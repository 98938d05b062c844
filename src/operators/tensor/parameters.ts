import * as tf from '@tensorflow/tfjs-core';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Rng } from '../../pipeline/core/rng.js';
import { addTo } from './add-to.js';
import { readsTakeTurns } from './reads.js';
import type { NamedArray } from './safetensors.js';

/** One named array of a model. `fanIn` is the number of inputs of its layer. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly fanIn: number;
  /** The modality of its input vectors, if they all belong to one. If no patient has this modality, the array cannot learn. */
  readonly modality?: ModalityId;
  /** Initial values, one for all elements or one for each. If absent, they are drawn at random. */
  readonly start?: number | readonly number[];
}

export interface ParameterEntry extends ParameterSpec {
  /** Position of the first element in the flat array. */
  readonly offset: number;
  /** Number of elements. */
  readonly size: number;
}

/** Positions of all arrays of a model in one flat array. */
export interface ParameterLayout {
  readonly entries: readonly ParameterEntry[];
  readonly size: number;
}

/** Weight and bias of a linear layer: `<prefix>.weight` [inputs, outputs] and `<prefix>.bias` [outputs]. */
export const linearSpecs = (
  prefix: string,
  inputs: number,
  outputs: number,
  modality?: ModalityId,
): readonly ParameterSpec[] => {
  const own = { fanIn: inputs, ...(modality === undefined ? {} : { modality }) };
  return [
    { name: `${prefix}.weight`, shape: [inputs, outputs], ...own },
    { name: `${prefix}.bias`, shape: [outputs], ...own },
  ];
};

/**
 * The last layer of a network: its outputs per patient, and their initial biases. If `startBiases` is null, the biases
 * are drawn at random.
 */
export interface OutputLayer {
  readonly outputs: number;
  readonly startBiases: readonly number[] | null;
}

/** Weight and bias of an output layer. */
export const outputSpecs = (
  prefix: string,
  inputs: number,
  { outputs, startBiases }: OutputLayer,
  modality?: ModalityId,
): readonly ParameterSpec[] => {
  const [weight, bias] = linearSpecs(prefix, inputs, outputs, modality) as [ParameterSpec, ParameterSpec];
  return [weight, startBiases === null ? bias : { ...bias, start: startBiases }];
};

export function layoutOf(specs: readonly ParameterSpec[]): ParameterLayout {
  let offset = 0;
  const entries = specs.map((spec) => {
    const size = spec.shape.reduce((product, side) => product * side, 1);
    const entry = { ...spec, offset, size };
    offset += size;
    return entry;
  });
  return { entries, size: offset };
}

/**
 * One layout for the arrays of several models, one model after another. Each name gets the key of its model as prefix. The key ''
 * adds no prefix.
 */
export const joinedLayout = (parts: Readonly<Record<string, ParameterLayout>>): ParameterLayout =>
  layoutOf(
    Object.entries(parts).flatMap(([prefix, { entries }]) =>
      entries.map((entry) => ({
        ...entry,
        name: prefix === '' ? entry.name : `${prefix}.${entry.name}`,
      })),
    ),
  );

/**
 * Weights and biases drawn from U(-1/sqrt(fan_in), +1/sqrt(fan_in)), in the order of the layout (method.md 4.1), except arrays with
 * their own start value.
 */
export function initialParameters(layout: ParameterLayout, rng: Rng): Float32Array {
  const values = new Float32Array(layout.size);
  for (const { offset, size, fanIn, start } of layout.entries) {
    if (start !== undefined) {
      if (typeof start === 'number') values.fill(start, offset, offset + size);
      else values.set(start, offset);
      continue;
    }
    const bound = 1 / Math.sqrt(fanIn);
    for (let i = 0; i < size; i++) values[offset + i] = (2 * rng.uniform() - 1) * bound;
  }
  return values;
}

export function entryOf(layout: ParameterLayout, name: string): ParameterEntry {
  const entry = layout.entries.find((candidate) => candidate.name === name);
  if (!entry) throw new Error(`The model has no parameter "${name}"`);
  return entry;
}

/**
 * The part of a flat array (of parameters or of their gradient) that belongs to `name`. It is a view: writing to it changes the
 * array.
 */
export function partOf(layout: ParameterLayout, values: Float32Array, name: string): Float32Array {
  const { offset, size } = entryOf(layout, name);
  return values.subarray(offset, offset + size);
}

/** The flat array as the named arrays of a `weights.safetensors`. */
export const namedParameters = (layout: ParameterLayout, values: Float32Array): Record<string, NamedArray> =>
  Object.fromEntries(
    layout.entries.map(({ name, shape, offset, size }) => [
      name,
      { shape, data: values.subarray(offset, offset + size) },
    ]),
  );

/**
 * The inverse of `namedParameters`.
 * @throws Error naming an array that is missing or has another shape.
 */
export function parametersFrom(
  layout: ParameterLayout,
  arrays: Readonly<Record<string, NamedArray>>,
): Float32Array {
  const values = new Float32Array(layout.size);
  for (const { name, shape, offset } of layout.entries) {
    const array = arrays[name];
    if (!array || array.shape.join() !== shape.join() || !(array.data instanceof Float32Array))
      throw new Error(`The weights have no float32 array "${name}" of shape [${shape.join()}]`);
    values.set(array.data, offset);
  }
  return values;
}

/** The parameters as tensors of the current backend, by name. Dispose it after the step. */
export class ParameterTensors {
  private readonly tensors: ReadonlyMap<string, tf.Tensor>;

  constructor(
    readonly layout: ParameterLayout,
    readonly values: Float32Array,
  ) {
    this.tensors = new Map(
      layout.entries.map(({ name, shape, offset, size }) => [
        name,
        tf.tensor(values.subarray(offset, offset + size), [...shape], 'float32'),
      ]),
    );
  }

  matrix(name: string): tf.Tensor2D {
    return this.get(name) as tf.Tensor2D;
  }

  vector(name: string): tf.Tensor1D {
    return this.get(name) as tf.Tensor1D;
  }

  /** All parameters, in the order of the layout. */
  all(): tf.Tensor[] {
    return [...this.tensors.values()];
  }

  dispose(): void {
    for (const tensor of this.tensors.values()) tensor.dispose();
  }

  get(name: string): tf.Tensor {
    const tensor = this.tensors.get(name);
    if (!tensor) throw new Error(`The model has no parameter "${name}"`);
    return tensor;
  }
}

/** Gradients by parameter name, as tensors of the current backend. */
export type GradientTensors = { [name: string]: tf.Tensor };

/**
 * Adds gradient tensors to a flat gradient of the same layout and disposes them. There is one target for each model.
 * With several targets, each tensor holds the gradients of all these models, concatenated. A target is null if the
 * gradient of its model is not needed.
 */
export const addGradients = (
  layout: ParameterLayout,
  gradients: GradientTensors,
  targets: readonly (Float32Array | null)[],
): Promise<void> => takeGradients(layout, gradients, targets, addTo);

/** The flat gradient of the given gradient tensors, which are disposed. Zero if a tensor is missing. */
export async function flatGradient(
  layout: ParameterLayout,
  gradients: GradientTensors,
): Promise<Float32Array> {
  const target = new Float32Array(layout.size);
  await takeGradients(layout, gradients, [target], (part, values) => part.set(values));
  return target;
}

async function takeGradients(
  layout: ParameterLayout,
  gradients: GradientTensors,
  targets: readonly (Float32Array | null)[],
  take: (part: Float32Array, values: Float32Array) => void,
): Promise<void> {
  const found = Object.entries(gradients);
  // Reading from a GPU takes a round trip, so all arrays are read at once. On other backends one array is copied at a time.
  const read = readsTakeTurns() ? await Promise.all(found.map(([, tensor]) => tensor.data<'float32'>())) : [];
  for (const [i, [name, tensor]] of found.entries()) {
    const { size } = entryOf(layout, name);
    const values = read[i] ?? (await tensor.data<'float32'>());
    if (values.length !== size * targets.length)
      throw new Error(
        `The gradient of "${name}" has ${values.length} elements, its parameter ${size} for each of ${targets.length}`,
      );
    targets.forEach((target, model) => {
      if (target !== null)
        take(partOf(layout, target, name), values.subarray(model * size, (model + 1) * size));
    });
    tensor.dispose();
  }
}
