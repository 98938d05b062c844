import * as tf from '@tensorflow/tfjs-core';
import type { ModalityId } from '../../pipeline/core/modality.js';
import { dense, denseGradients } from './dense.js';
import {
  linearSpecs,
  outputSpecs,
  type GradientTensors,
  type ParameterSpec,
  type ParameterTensors,
} from './parameters.js';

/** A two-layer network `W2 dropout(act(W1 x + b1)) + b2`: the map phi (method.md 5.1) or the fusion network (6.1). */
export interface Mlp {
  /** Prefix of the names of the parameters: `<name>.hidden.*` and `<name>.output.*`. */
  readonly name: string;
  /** The modality of its input vectors, if they all belong to one. */
  readonly modality?: ModalityId;
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  readonly activation: 'relu' | 'none';
}

export type MlpPass = {
  /** The hidden layer after activation and dropout, [rows, hidden]. */
  readonly hidden: tf.Tensor2D;
  /** The outputs, [rows, outputs]. */
  readonly output: tf.Tensor2D;
};

/** @param startBiases initial biases of the outputs; if null, they are drawn at random */
export const mlpSpecs = (
  { name, inputs, hidden, outputs, modality }: Mlp,
  startBiases: readonly number[] | null = null,
): readonly ParameterSpec[] => [
  ...linearSpecs(`${name}.hidden`, inputs, hidden, modality),
  ...outputSpecs(`${name}.output`, hidden, { outputs, startBiases }, modality),
];

/** Forward pass of x [rows, inputs]. `mask` is a dropout mask [rows, hidden] or null. Call inside `tf.tidy`. */
export function mlpForward(
  mlp: Mlp,
  weights: ParameterTensors,
  x: tf.Tensor2D,
  mask: tf.Tensor2D | null,
): MlpPass {
  const { name, activation } = mlp;
  const linear = dense(x, weights.matrix(`${name}.hidden.weight`), weights.vector(`${name}.hidden.bias`));
  const active: tf.Tensor2D = activation === 'relu' ? tf.relu<tf.Tensor2D>(linear) : linear;
  const hidden: tf.Tensor2D = mask === null ? active : tf.mul<tf.Tensor2D>(active, mask);
  const output = dense(
    hidden,
    weights.matrix(`${name}.output.weight`),
    weights.vector(`${name}.output.bias`),
  );
  return { hidden, output };
}

/** Gradients for a given gradient of the output: of all parameters, and of the hidden layer before its activation. */
export interface MlpGradients {
  readonly parameters: GradientTensors;
  /**
   * Gradient of the hidden layer before its activation, [rows, hidden]. `mlpInputGradient` converts it to the gradient
   * of the input.
   */
  readonly linear: tf.Tensor2D;
}

/** Hand-derived backward pass for the same `x` and `mask` as in the forward pass. Call inside `tf.tidy`. */
export function mlpBackward(
  mlp: Mlp,
  weights: ParameterTensors,
  x: tf.Tensor2D,
  mask: tf.Tensor2D | null,
  { hidden }: MlpPass,
  dOutput: tf.Tensor2D,
): MlpGradients {
  const { name, activation } = mlp;
  const output = denseGradients(hidden, dOutput);
  const dHidden: tf.Tensor2D = tf.matMul(dOutput, weights.matrix(`${name}.output.weight`), false, true);
  // `hidden` is positive exactly where the input of relu was positive and dropout kept the element. So the step
  // function of `hidden` serves as the derivative of relu.
  const dActive: tf.Tensor2D =
    activation === 'relu' ? tf.mul<tf.Tensor2D>(dHidden, tf.step(hidden)) : dHidden;
  const linear: tf.Tensor2D = mask === null ? dActive : tf.mul<tf.Tensor2D>(dActive, mask);
  const first = denseGradients(x, linear);
  return {
    parameters: {
      [`${name}.hidden.weight`]: first.weight,
      [`${name}.hidden.bias`]: first.bias,
      [`${name}.output.weight`]: output.weight,
      [`${name}.output.bias`]: output.bias,
    },
    linear,
  };
}

/** Gradient of the input x of the network, [rows, inputs]. */
export const mlpInputGradient = (
  mlp: Mlp,
  weights: ParameterTensors,
  { linear }: MlpGradients,
): tf.Tensor2D => tf.matMul(linear, weights.matrix(`${mlp.name}.hidden.weight`), false, true);
