import * as tf from '@tensorflow/tfjs-core';
import { addTo } from '../tensor/add-to.js';
import { mlpBackward, mlpForward, mlpInputGradient, type Mlp, type MlpPass } from '../tensor/mlp.js';
import { addGradients, ParameterTensors, type GradientTensors } from '../tensor/parameters.js';
import { gatherRows, type ModalityInput } from '../embeddings/modality-inputs.js';
import { collect, spread } from './latent-layout.js';
import type { Projection, ProjectionPass } from './projection.js';

/** The forward and backward pass of the maps phi on a TensorFlow.js backend (see `projectionPass`). */
export async function tensorProjectionPass(
  { inputs, maps, width, layout }: Projection,
  parameters: Float32Array,
  patients: readonly number[],
): Promise<ProjectionPass> {
  const weights = new ParameterTensors(layout, parameters);
  const passes = inputs.map((input, m) => forward(maps[m] as Mlp, weights, input, patients));
  const dispose = (): void => {
    for (const { x, pass } of passes) tf.dispose([x, pass.hidden, pass.output]);
    weights.dispose();
  };
  const u = new Float32Array(patients.length * inputs.length * width);
  try {
    for (const [m, { pass }] of passes.entries())
      spread(u, await pass.output.data<'float32'>(), m, inputs.length, width);
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    u,
    backward: async (du, into, targets) => {
      const gradients = tf.tidy(() =>
        passes.map(({ x, pass }, m) => {
          const dOutput = tf.tensor2d(collect(du, m, inputs.length, width), [patients.length, width]);
          const backward = mlpBackward(maps[m] as Mlp, weights, x, null, pass, dOutput);
          const read = targets[m] ? [mlpInputGradient(maps[m] as Mlp, weights, backward)] : [];
          return { own: backward.parameters, read };
        }),
      );
      const own = Object.assign({}, ...gradients.map(({ own }) => own)) as GradientTensors;
      await addGradients(layout, own, [into]);
      for (const [m, { read }] of gradients.entries()) await take(targets[m] ?? null, read[0] ?? null);
    },
    dispose,
  };
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

/** Adds the values of a tensor to an array of the same size, and disposes the tensor. */
async function take(target: Float32Array | null, tensor: tf.Tensor | null): Promise<void> {
  if (target === null || tensor === null) return;
  addTo(target, await tensor.data<'float32'>());
  tensor.dispose();
}
