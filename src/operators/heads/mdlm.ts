import * as tf from '@tensorflow/tfjs-core';
import type { Config } from '../../pipeline/config/schema.js';
import { dense } from '../tensor/dense.js';
import { initialParameters, layoutOf, linearSpecs, outputSpecs, partOf } from '../tensor/parameters.js';
import { autodiffHead, type Network, type NetworkPass, type NetworkShape } from './autodiff-head.js';

/** MDLM: late fusion of one prediction per modality (method.md 8.5). */
export const mdlmHead = autodiffHead((shape) => {
  const { mdlm } = shape.config;
  if (mdlm === undefined) throw new Error('MDLM was made without its section of the config');
  return networks[mdlm.combine](shape);
});

const networks: Readonly<Record<Config['mdlm']['combine'], (shape: NetworkShape) => Network>> = {
  learned: (shape) => ({
    specs: [
      ...headSpecs(shape),
      { name: 'mdlm.weight', shape: [shape.inputs.length], fanIn: 1, start: 1 / shape.inputs.length },
      {
        ...{ name: 'mdlm.bias', shape: [shape.output.outputs], fanIn: shape.inputs.length },
        // The heads of the modalities already have the biases `startBiases` at the start, so this bias starts at 0.
        ...(shape.output.startBiases !== null && { start: 0 }),
      },
    ],
    forward: (pass) => {
      const scores = ownScores(shape, pass);
      const factors = tf.split(pass.weights.vector('mdlm.weight'), shape.inputs.length);
      const weighted = scores.map((score, m) => tf.mul<tf.Tensor2D>(score, factors[m] as tf.Tensor1D));
      const logits: tf.Tensor2D = tf.add(tf.addN<tf.Tensor2D>(weighted), pass.weights.vector('mdlm.bias'));
      return { logits, each: tf.concat2d(scores, 1) };
    },
  }),
  mean: (shape) => ({
    specs: headSpecs(shape),
    forward: (pass) => {
      const scores = ownScores(shape, pass);
      const count = tf.maximum(tf.addN<tf.Tensor2D>([...pass.open]), 1);
      return { logits: tf.div(tf.addN<tf.Tensor2D>(scores), count), each: tf.concat2d(scores, 1) };
    },
  }),
  frozenConcat,
};

const headName = (modality: string): string => `mdlm.${modality}`;

const headSpecs = ({ inputs, tokens, output }: NetworkShape): ReturnType<typeof linearSpecs> =>
  inputs.flatMap(({ modality }, m) => outputSpecs(headName(modality), tokens[m] as number, output, modality));

/**
 * The score s_m of every modality (method.md 8.5), [R, L]. It is zero for an absent modality, so that this modality
 * does not contribute.
 */
const ownScores = (shape: NetworkShape, pass: NetworkPass): tf.Tensor2D[] =>
  shape.inputs.map(({ modality }, m) => scoreOf(pass, modality, m));

function scoreOf({ weights, tokens, open }: NetworkPass, modality: string, m: number): tf.Tensor2D {
  const name = headName(modality);
  const token = tokens[m] as tf.Tensor2D;
  const score = dense(token, weights.matrix(`${name}.weight`), weights.vector(`${name}.bias`));
  return tf.mul(score, open[m] as tf.Tensor2D);
}

/** Number of outputs of the image heads of the reference implementation, whatever `fusion.logits` is. */
const imageOutputs = 2;

/**
 * As in the reference implementation, only the images have heads. The outputs of the heads and the vectors of the
 * tables enter a layer that is drawn at random and never trained. The heads learn from the gradient that this layer
 * passes back.
 */
function frozenConcat({ inputs, tokens, output, frozen }: NetworkShape): Network {
  if (!inputs.some(({ kind }) => kind === 'bag'))
    // A user never sees this error: the checks of the experiment file already refuse an experiment without bags.
    throw new Error('MDLM with a frozen layer learns from images alone, and there are none');
  const widths = inputs.map(({ kind }, m) => (kind === 'bag' ? imageOutputs : (tokens[m] as number)));
  const joined = widths.reduce((sum, width) => sum + width, 0);
  const layout = layoutOf(linearSpecs('frozen', joined, output.outputs));
  const values = initialParameters(layout, frozen());
  return {
    specs: inputs.flatMap(({ modality, kind }, m) =>
      kind === 'bag' ? linearSpecs(headName(modality), tokens[m] as number, imageOutputs, modality) : [],
    ),
    forward: (pass) => {
      const parts = inputs.map(({ modality, kind }, m) =>
        kind === 'bag' ? scoreOf(pass, modality, m) : (pass.tokens[m] as tf.Tensor2D),
      );
      const weight = tf.tensor2d(partOf(layout, values, 'frozen.weight'), [joined, output.outputs]);
      return {
        logits: dense(tf.concat2d(parts, 1), weight, tf.tensor1d(partOf(layout, values, 'frozen.bias'))),
      };
    },
  };
}
