import * as tf from '@tensorflow/tfjs-core';
import type { Config } from '../../pipeline/config/schema.js';
import {
  mlpBackward,
  mlpForward,
  mlpInputGradient,
  mlpSpecs,
  type Mlp,
  type MlpPass,
} from '../tensor/mlp.js';
import {
  addGradients,
  layoutOf,
  ParameterTensors,
  type GradientTensors,
  type ParameterLayout,
} from '../tensor/parameters.js';
import { gatherRows, type ModalityInput } from './modality-inputs.js';

/** The maps phi of all modalities into the shared latent space (eq. 4, method.md 5.1): no weights are shared. */
export interface Projection {
  readonly inputs: readonly ModalityInput[];
  /** One network per input, in order. */
  readonly maps: readonly Mlp[];
  /** D */
  readonly width: number;
  readonly layout: ParameterLayout;
}

export function projectionOf(align: Config['align'], inputs: readonly ModalityInput[]): Projection {
  const maps = inputs.map(({ modality, width }) => ({
    name: `phi.${modality}`,
    inputs: width,
    hidden: align.hidden,
    outputs: align.width,
    activation: align.activation,
  }));
  return { inputs, maps, width: align.width, layout: layoutOf(maps.flatMap(mlpSpecs)) };
}

/**
 * Projects patients: u [B, M, D]. When `gradientOf` is given it is called with u, must return the gradient of a loss
 * with respect to u, and the gradient of that loss with respect to the parameters is added to `into`, that with respect
 * to the vectors of each modality to `inputs` [B, d_m] where one is given. Vectors of absent modalities come out as phi of
 * a zero vector; give them no gradient.
 */
export async function project(
  projection: Projection,
  parameters: Float32Array,
  patients: readonly number[],
  learning: {
    readonly gradientOf: (u: Float32Array) => Float64Array | Promise<Float64Array>;
    readonly into: Float32Array;
    readonly inputs?: readonly (Float32Array | null)[];
  } | null = null,
): Promise<Float32Array> {
  const { inputs, maps, width, layout } = projection;
  const weights = new ParameterTensors(layout, parameters);
  const passes = inputs.map((input, m) => forward(maps[m] as Mlp, weights, input, patients));
  const u = new Float32Array(patients.length * inputs.length * width);
  for (const [m, { pass }] of passes.entries())
    spread(u, await pass.output.data<'float32'>(), m, inputs.length, width);
  if (learning !== null) {
    const du = await learning.gradientOf(u);
    const targets = learning.inputs ?? [];
    const gradients = tf.tidy(() =>
      passes.map(({ x, pass }, m) => {
        const dOutput = tf.tensor2d(collect(du, m, inputs.length, width), [patients.length, width]);
        const backward = mlpBackward(maps[m] as Mlp, weights, x, null, pass, dOutput);
        const read = targets[m] ? [mlpInputGradient(maps[m] as Mlp, weights, backward)] : [];
        return { own: backward.parameters, read };
      }),
    );
    await addGradients(layout, Object.assign({}, ...gradients.map(({ own }) => own)) as GradientTensors, [
      learning.into,
    ]);
    for (const [m, { read }] of gradients.entries()) await addTo(targets[m] ?? null, read[0] ?? null);
  }
  for (const { x, pass } of passes) tf.dispose([x, pass.hidden, pass.output]);
  weights.dispose();
  return u;
}

function forward(
  map: Mlp,
  weights: ParameterTensors,
  input: ModalityInput,
  patients: readonly number[],
): { readonly x: tf.Tensor2D; readonly pass: MlpPass } {
  return tf.tidy(() => {
    const x = tf.tensor2d(gatherRows(input, patients), [patients.length, input.width]);
    return { x, pass: mlpForward(map, weights, x, null) };
  });
}

/** Adds a tensor to an array of its size and disposes it. */
async function addTo(target: Float32Array | null, tensor: tf.Tensor | null): Promise<void> {
  if (target === null || tensor === null) return;
  const values = await tensor.data<'float32'>();
  values.forEach((value, i) => (target[i] = (target[i] as number) + value));
  tensor.dispose();
}

/** Writes the rows [B, D] of modality `m` to their places in u [B, M, D]. */
function spread(u: Float32Array, rows: Float32Array, m: number, modalities: number, width: number): void {
  for (let i = 0; i * width < rows.length; i++)
    u.set(rows.subarray(i * width, (i + 1) * width), (i * modalities + m) * width);
}

/** The rows [B, D] of modality `m` of an array [B, M, D]. */
export function collect(
  u: Float32Array | Float64Array,
  m: number,
  modalities: number,
  width: number,
): Float32Array {
  const count = u.length / (modalities * width);
  const rows = new Float32Array(count * width);
  for (let i = 0; i < count; i++) {
    const at = (i * modalities + m) * width;
    rows.set(u.subarray(at, at + width), i * width);
  }
  return rows;
}
