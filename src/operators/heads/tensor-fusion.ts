import * as tf from '@tensorflow/tfjs-core';
import { gatherRows } from '../embeddings/modality-inputs.js';
import { dense, denseGradients } from '../tensor/dense.js';
import { mlpBackward, mlpForward, mlpInputGradient, type MlpPass } from '../tensor/mlp.js';
import { addGradients, ParameterTensors, type GradientTensors } from '../tensor/parameters.js';
import { mapNames, openSlots, type FusionNet } from './fusion-net.js';
import type { FusionGroup, FusionPasses } from './fusion-pass.js';

/** Runs forward passes of the fusion network on the current TensorFlow.js backend. */
export const tensorFusionPass: FusionPasses = async (net, parameters, group) => {
  const weights = new ParameterTensors(net.layout, parameters);
  const held = tf.tidy(() => fusionForward(net, weights, group));
  const dispose = (): void => {
    tf.dispose(held);
    weights.dispose();
  };
  return {
    outputs: await held.mlp.output.data<'float32'>().catch((error: unknown) => {
      dispose();
      throw error;
    }),
    backward: async (dOutputs, into, vectorsWanted) => {
      const { parameters: own, vectors } = tf.tidy(() => {
        const d = tf.tensor2d(dOutputs, [dOutputs.length / net.mlp.outputs, net.mlp.outputs]);
        return fusionBackward(net, weights, held, d, vectorsWanted);
      });
      await addGradients(net.layout, own, [into]);
      const values = await Promise.all(vectors.map((tensor) => tensor.data<'float32'>()));
      tf.dispose(vectors);
      return vectorsWanted ? values : null;
    },
    dispose,
  };
};

/** Tensors of a forward pass over `passes` masks of the same B patients. */
type Held = {
  /** Vectors of each modality before its linear map, [B, d_m]. */
  readonly vectors: tf.Tensor2D[];
  /** 1 for each number of a modality that may be read, 0 for the others, [passes * B, joined]. */
  readonly open: tf.Tensor2D;
  /**
   * The input h of the fusion network (method.md 6.1), [passes * B, joined]: the vectors of all modalities after their
   * linear maps, side by side, with zeros for modalities that may not be read.
   */
  readonly joined: tf.Tensor2D;
  readonly dropout: tf.Tensor2D | undefined;
  readonly mlp: MlpPass;
};

function fusionForward(
  net: FusionNet,
  weights: ParameterTensors,
  { inputs, patients, masks, dropout }: FusionGroup,
): Held {
  const rows = patients.length * masks.length;
  const vectors = inputs.map((input) =>
    tf.tensor2d(gatherRows(input, patients), [patients.length, input.width]),
  );
  const names = mapNames(net);
  const mapped = vectors.map((x, m) => {
    const name = names[m] ?? null;
    return name === null ? x : dense(x, weights.matrix(`${name}.weight`), weights.vector(`${name}.bias`));
  });
  const slots = mapped.length === 1 ? (mapped[0] as tf.Tensor2D) : tf.concat2d(mapped, 1);
  const open = tf.tensor2d(openSlots(net.slots, masks), [rows, net.mlp.inputs]);
  const repeated =
    masks.length === 1
      ? slots
      : tf.concat2d(
          masks.map(() => slots),
          0,
        );
  const joined: tf.Tensor2D = tf.mul(repeated, open);
  const mask = dropout === null ? undefined : tf.tensor2d(dropout, [rows, net.mlp.hidden]);
  const mlp = mlpForward(net.mlp, weights, joined, mask ?? null);
  return { vectors, open, joined, dropout: mask, mlp };
}

/** Hand-derived gradients of all parameters, and, if `vectorsWanted`, of the vectors of each modality. */
function fusionBackward(
  net: FusionNet,
  weights: ParameterTensors,
  pass: Held,
  dOutputs: tf.Tensor2D,
  vectorsWanted: boolean,
): { readonly parameters: GradientTensors; readonly vectors: tf.Tensor2D[] } {
  const mlp = mlpBackward(net.mlp, weights, pass.joined, pass.dropout ?? null, pass.mlp, dOutputs);
  const names = mapNames(net);
  const maps = names.some((name) => name !== null);
  if (!maps && !vectorsWanted) return { parameters: mlp.parameters, vectors: [] };
  const dJoined: tf.Tensor2D = tf.mul(mlpInputGradient(net.mlp, weights, mlp), pass.open);
  const count = (pass.vectors[0] as tf.Tensor2D).shape[0];
  // All passes read the same vectors, so the gradients of the passes are added.
  const dJoinedOnce = tf.addN<tf.Tensor2D>(tf.split(dJoined, dJoined.shape[0] / count, 0));
  const dSlots = tf.split<tf.Tensor2D>(dJoinedOnce, [...net.slots], 1);
  const parameters = { ...mlp.parameters };
  const vectors = dSlots.map((dSlot, m) => {
    const name = names[m] ?? null;
    if (name === null) return dSlot;
    const { weight, bias } = denseGradients(pass.vectors[m] as tf.Tensor2D, dSlot);
    parameters[`${name}.weight`] = weight;
    parameters[`${name}.bias`] = bias;
    return vectorsWanted
      ? tf.matMul<tf.Tensor2D>(dSlot, weights.matrix(`${name}.weight`), false, true)
      : dSlot;
  });
  return { parameters, vectors: vectorsWanted ? vectors : [] };
}
