import * as tf from '@tensorflow/tfjs-core';
import type { Rng } from '../../pipeline/core/rng.js';
import { gatherMask, type ModalityInput } from '../stage2/modality-inputs.js';
import { fillDropout } from '../tensor/dropout.js';
import { flatGradient, ParameterTensors, type ParameterLayout } from '../tensor/parameters.js';
import { fusionBackward, fusionForward, fusionNetOf, type FusionNet } from './fusion-net.js';
import type { Head, HeadGroup, HeadModule, HeadStep } from './head.js';
import { dropModalities } from './modality-drop.js';
import { fusionLoss, type MonotonicOptions } from './monotonic-loss.js';
import { inBatches, logitsOf, spreadLogits } from './outputs.js';

export interface MlpHeadOptions extends MonotonicOptions {
  /** Stream of the random modality drop with the full loss of eq. 11; null for `l+` alone. */
  readonly drop: Rng | null;
  /** Stream of the dropout of the hidden layer; null without dropout. */
  readonly dropout: Rng | null;
}

/** The fusion network with the fusion loss (eq. 8-11), with hand-derived gradients. */
export class MlpHead implements Head {
  readonly layout: ParameterLayout;

  constructor(
    private readonly net: FusionNet,
    private readonly options: MlpHeadOptions,
  ) {
    this.layout = net.layout;
  }

  async step(
    parameters: Float32Array,
    { inputs, patients, labels }: HeadGroup,
    inputGradients: boolean,
  ): Promise<HeadStep> {
    const { net, options } = this;
    const modalities = inputs.length;
    const full = gatherMask(inputs, patients);
    const left = options.drop === null ? null : dropModalities(full, modalities, options.drop);
    const masks = left === null ? [full] : [full, left];
    const dropout = this.dropoutMask(masks.length * patients.length);
    const weights = new ParameterTensors(net.layout, parameters);
    const pass = tf.tidy(() => fusionForward(net, weights, inputs, patients, masks, dropout));
    const logits = logitsOf(await pass.mlp.output.data<'float32'>(), net.mlp.outputs);
    const { terms, dLogitsFull, dLogitsReduced } = fusionLoss(
      logits.slice(0, patients.length),
      patients.map((_, i) =>
        left !== null && isOpen(left, i, modalities) ? (logits[patients.length + i] as number) : null,
      ),
      labels,
      options,
    );
    const dLogits = left === null ? dLogitsFull : [...dLogitsFull, ...dLogitsReduced];
    const gradients = tf.tidy(() => {
      const dOutputs = tf.tensor2d(spreadLogits(dLogits, net.mlp.outputs), [dLogits.length, net.mlp.outputs]);
      const { parameters: own, inputs: read } = fusionBackward(net, weights, pass, dOutputs, inputGradients);
      return { own, read: read === null ? [] : [...read] };
    });
    tf.dispose(pass);
    weights.dispose();
    const gradient = await flatGradient(net.layout, gradients.own);
    const read = await Promise.all(gradients.read.map((tensor) => tensor.data<'float32'>()));
    tf.dispose(gradients.read);
    const { total, full: lossFull, reduced, mofe } = terms;
    const metrics: Record<string, number> =
      left === null ? { full: lossFull } : { full: lossFull, reduced, mofe };
    return { loss: total, metrics, gradient, inputs: inputGradients ? read : null };
  }

  async logits(
    parameters: Float32Array,
    { inputs, patients }: { readonly inputs: readonly ModalityInput[]; readonly patients: readonly number[] },
    open?: Uint8Array,
  ): Promise<readonly number[]> {
    const { net } = this;
    const weights = new ParameterTensors(net.layout, parameters);
    const logits = await inBatches(patients, inputs, open, async (group, mask) => {
      const output = tf.tidy(() => fusionForward(net, weights, inputs, group, [mask], null).mlp.output);
      const values = logitsOf(await output.data<'float32'>(), net.mlp.outputs);
      output.dispose();
      return values;
    });
    weights.dispose();
    return logits;
  }

  private dropoutMask(rows: number): Float32Array | null {
    const { dropout } = this.options;
    return dropout === null
      ? null
      : fillDropout(new Float32Array(rows * this.net.mlp.hidden), this.net.dropout, dropout);
  }
}

const isOpen = (mask: Uint8Array, patient: number, modalities: number): boolean =>
  mask.subarray(patient * modalities, (patient + 1) * modalities).includes(1);

/** The head of HAF and of the rows that are HAF without one of its parts. */
export const mlpHead: HeadModule = {
  create: ({ inputs, projected, randomDrop, config: { fusion }, rng }) =>
    new MlpHead(fusionNetOf({ ...fusion, inputs, projected }), {
      ...fusion,
      drop: randomDrop ? rng('drop') : null,
      dropout: fusion.dropout > 0 ? rng('dropout') : null,
    }),
};
