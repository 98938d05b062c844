import * as tf from '@tensorflow/tfjs-core';
import { HafError } from '../../pipeline/core/errors.js';
import { listed } from '../../pipeline/core/wording.js';
import { columnSums } from './dense.js';
import { readsTakeTurns } from './reads.js';

/** A tensor that a network reads, with its name in messages. */
export type NamedTensor = readonly [name: string, tensor: tf.Tensor];

/**
 * Gradients of a scalar with respect to tensors that it is computed from, in their order. Call inside `tf.tidy`.
 *
 * A network may use the operations of `rules` below. These rules are registered here, because the TensorFlow.js package
 * for Node does not contain gradient rules.
 *
 * @throws HafError HAF_LAYER_UNTRAINED naming the tensors that do not take part in the scalar
 */
function gradientsOf(scalar: () => tf.Scalar, of: readonly NamedTensor[]): tf.Tensor[] {
  // A rule is registered only if the backend has not registered its own rule for this operation.
  for (const rule of rules) if (!tf.getGradient(rule.kernelName)) tf.registerGradient(rule);
  // The last argument: with `true`, the gradient of a tensor that does not affect the scalar is undefined. With
  // `false`, TensorFlow.js throws an error that does not name the tensor.
  const { grads } = tf.engine().gradients(
    scalar,
    of.map(([, tensor]) => tensor),
    undefined,
    true,
  );
  const found: readonly (tf.Tensor | undefined)[] = grads;
  const idle = of.flatMap(([name], i) => (found[i] === undefined ? [name] : []));
  if (idle.length > 0)
    throw new HafError(
      'HAF_LAYER_UNTRAINED',
      `The outputs of the network do not depend on ${listed(idle)}, so the loss has no gradient for ${idle.length === 1 ? 'it' : 'them'}.`,
      'In the code of the method, use each of them in the forward pass, or remove it from the arrays that the network declares. In a method of this program, this is a fault: please report it.',
      { context: { arrays: idle } },
    );
  return grads;
}

/** Returns the derivatives of a loss with respect to the outputs of a network, given the values of the outputs. */
export type SlopesOf = (outputs: Float32Array) => ArrayLike<number>;

/**
 * Gradients, with respect to `of`, of a loss that is computed outside of the backend from the outputs of `forward`. `slopesOf` is
 * called once. `forward` runs once, or twice if values cannot be read in between (WebGPU). So it must not draw random numbers.
 *
 * @throws HafError HAF_LAYER_UNTRAINED naming the tensors of `of` that the outputs do not depend on
 */
export async function gradientsThrough(
  forward: () => tf.Tensor2D,
  of: readonly NamedTensor[],
  slopesOf: SlopesOf,
): Promise<tf.Tensor[]> {
  const known = readsTakeTurns() ? slopesOf(await valuesOf(forward)) : null;
  return tf.tidy(() => {
    const lossOf = tf.customGrad<tf.Scalar>((given) => {
      const outputs = given as tf.Tensor2D;
      const slopes = Float32Array.from(known ?? slopesOf(outputs.dataSync<'float32'>()));
      // Only the derivatives of the loss are needed, so its value is not computed: 0 stands in its place.
      return { value: tf.scalar(0), gradFunc: (dy) => tf.mul(dy, tf.tensor2d(slopes, outputs.shape)) };
    });
    return gradientsOf(() => lossOf(forward()), of);
  });
}

async function valuesOf(forward: () => tf.Tensor2D): Promise<Float32Array> {
  const outputs = tf.tidy(forward);
  const values = await outputs.data<'float32'>();
  outputs.dispose();
  return values;
}

type Binary = (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => Readonly<Record<'a' | 'b', () => tf.Tensor>>;

/** The gradient rule of an operation with broadcasting: the gradient of a broadcast tensor is summed back to its shape. */
const spreading = (kernelName: string, gradients: Binary): tf.GradConfig => ({
  kernelName,
  inputsToSave: ['a', 'b'],
  gradFunc: (dy, saved) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    const found = gradients(dy as tf.Tensor, a, b);
    return { a: () => summedTo(found.a(), a.shape), b: () => summedTo(found.b(), b.shape) };
  },
});

const ofInput = (kernelName: string, slope: (dy: tf.Tensor, x: tf.Tensor) => tf.Tensor): tf.GradConfig => ({
  kernelName,
  inputsToSave: ['x'],
  gradFunc: (dy, saved) => ({ x: () => slope(dy as tf.Tensor, saved[0] as tf.Tensor) }),
});

const ofOutput = (
  kernelName: string,
  input: string,
  slope: (dy: tf.Tensor, y: tf.Tensor) => tf.Tensor,
): tf.GradConfig => ({
  kernelName,
  outputsToSave: [true],
  gradFunc: (dy, saved) => ({ [input]: () => slope(dy as tf.Tensor, saved[0] as tf.Tensor) }),
});

const rules: readonly tf.GradConfig[] = [
  spreading(tf.Add, (dy) => ({ a: () => dy.clone(), b: () => dy.clone() })),
  spreading(tf.Sub, (dy) => ({ a: () => dy.clone(), b: () => tf.neg(dy) })),
  spreading(tf.Multiply, (dy, a, b) => ({ a: () => tf.mul(dy, b), b: () => tf.mul(dy, a) })),
  spreading(tf.RealDiv, (dy, a, b) => ({
    a: () => tf.div(dy, b),
    b: () => tf.neg(tf.div(tf.mul(dy, a), tf.square(b))),
  })),
  // If two elements are equal, the element of the first operand gets the whole gradient.
  spreading(tf.Maximum, (dy, a, b) => ({
    a: () => tf.mul(dy, tf.cast(tf.greaterEqual(a, b), 'float32')),
    b: () => tf.mul(dy, tf.cast(tf.less(a, b), 'float32')),
  })),
  {
    kernelName: tf.AddN,
    saveAllInputs: true,
    gradFunc: (dy, saved) =>
      Object.fromEntries(saved.map((_, i) => [String(i), () => (dy as tf.Tensor).clone()])),
  },
  {
    kernelName: tf.Concat,
    saveAllInputs: true,
    gradFunc: (dy, saved, attributes) => {
      const axis = Number(attributes['axis']);
      const sides = saved.map(({ shape }) => shape[axis] as number);
      const parts = tf.split(dy as tf.Tensor, sides, axis);
      return Object.fromEntries(parts.map((part, i) => [String(i), () => part]));
    },
  },
  {
    kernelName: tf.SplitV,
    // For a split into one part, the gradient is a tensor and not a list.
    gradFunc: (dy, _, attributes) => ({
      x: () => (Array.isArray(dy) ? tf.concat(dy, Number(attributes['axis'])) : dy.clone()),
    }),
  },
  {
    kernelName: tf.BatchMatMul,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, saved, attributes) => {
      const [a, b] = saved as [tf.Tensor, tf.Tensor];
      const [flipA, flipB] = [Boolean(attributes['transposeA']), Boolean(attributes['transposeB'])];
      const d = dy as tf.Tensor;
      return {
        a: () => (flipA ? tf.matMul(b, d, flipB, true) : tf.matMul(d, b, false, !flipB)),
        b: () => (flipB ? tf.matMul(d, a, true, flipA) : tf.matMul(a, d, !flipA, false)),
      };
    },
  },
  ofInput(tf.Identity, (dy) => dy.clone()),
  ofInput(tf.Reshape, (dy, x) => tf.reshape(dy, x.shape)),
  ofInput(tf.Relu, (dy, x) => tf.mul(dy, tf.step(x))),
  ofInput(tf.Square, (dy, x) => tf.mul(dy, tf.mul(x, 2))),
  ofInput(tf.Erf, (dy, x) => tf.mul(dy, tf.mul(tf.exp(tf.neg(tf.square(x))), 2 / Math.sqrt(Math.PI)))),
  ofOutput(tf.Sqrt, 'x', (dy, y) => tf.div(dy, tf.mul(y, 2))),
  ofOutput(tf.Softmax, 'logits', (dy, y) => {
    const weighted = tf.mul(dy, y);
    return tf.sub(weighted, tf.mul(tf.sum(weighted, -1, true), y));
  }),
];

function summedTo(dy: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, dy.shape);
  if (axes.length === 0) return tf.reshape(dy, shape);
  const rows = dy.rank === 2 && axes.length === 1 && axes[0] === 0;
  return tf.reshape(rows ? columnSums(dy as tf.Tensor2D) : tf.sum(dy, axes), shape);
}
