import * as tf from '@tensorflow/tfjs-core';
import type { Rng } from '../../pipeline/core/rng.js';
import { gatherMask } from '../stage2/modality-inputs.js';
import { logisticLoss } from '../tensor/cross-entropy.js';
import { fillDropout } from '../tensor/dropout.js';
import { addGradients, ParameterTensors } from '../tensor/parameters.js';
import type { Trainable, TrainingStep, Validation } from '../tensor/train-loop.js';
import { validationAuc } from '../tensor/validation-auc.js';
import { fusionBackward, fusionForward, type FusionNet } from './fusion-net.js';
import { dropModalities } from './modality-drop.js';
import { fusionLoss, type MonotonicOptions } from './monotonic-loss.js';

export interface FusionTrainingOptions extends MonotonicOptions {
  /** Random modality drop with the full loss of eq. 11; otherwise `l+` alone. */
  readonly randomDrop: boolean;
  /** Validation patients the network sees something of. */
  readonly validation: readonly number[];
  readonly dropout: Rng;
  readonly drop: Rng;
}

/** Patients scored at once outside of training. */
const scoreBatch = 512;

/** Stage 3 as a model of the training loop: the fusion loss of a group of patients (eq. 8-11). */
export class FusionTraining implements Trainable {
  constructor(
    private readonly net: FusionNet,
    readonly parameters: Float32Array,
    private readonly labels: readonly (0 | 1)[],
    private readonly options: FusionTrainingOptions,
  ) {}

  async step(group: readonly number[]): Promise<TrainingStep> {
    const { net, options } = this;
    const modalities = net.inputs.length;
    const full = gatherMask(net.inputs, group);
    const left = options.randomDrop ? dropModalities(full, modalities, options.drop) : null;
    const masks = left === null ? [full] : [full, left];
    const dropout =
      net.dropout > 0
        ? fillDropout(
            new Float32Array(masks.length * group.length * net.mlp.hidden),
            net.dropout,
            options.dropout,
          )
        : null;
    const weights = new ParameterTensors(net.layout, this.parameters);
    const pass = tf.tidy(() => fusionForward(net, weights, group, masks, dropout));
    const logits = await pass.mlp.output.data<'float32'>();
    const { terms, dLogitsFull, dLogitsReduced } = fusionLoss(
      Array.from(logits.subarray(0, group.length)),
      group.map((_, i) =>
        left !== null && isOpen(left, i, modalities) ? (logits[group.length + i] as number) : null,
      ),
      group.map((patient) => this.labels[patient] as 0 | 1),
      options,
    );
    const dLogits = left === null ? dLogitsFull : [...dLogitsFull, ...dLogitsReduced];
    const gradients = tf.tidy(() =>
      fusionBackward(net, weights, pass, tf.tensor2d([...dLogits], [dLogits.length, 1])),
    );
    tf.dispose(pass);
    weights.dispose();
    const gradient = new Float32Array(net.layout.size);
    await addGradients(net.layout, gradients, gradient);
    const { total, full: lossFull, reduced, mofe } = terms;
    const metrics: Record<string, number> = options.randomDrop
      ? { full: lossFull, reduced, mofe }
      : { full: lossFull };
    return { loss: total, gradient, metrics };
  }

  /** Mean of `l+`, without the reduced pass (method.md 7), and the AUC of the logits. */
  async validate(): Promise<Validation> {
    const patients = this.options.validation;
    if (patients.length === 0) return { loss: null, auc: null };
    const logits = await this.logits(patients);
    const labels = patients.map((patient) => this.labels[patient] as 0 | 1);
    const losses = logits.map((logit, i) => logisticLoss(logit, labels[i] as 0 | 1).loss);
    const loss = losses.reduce((sum, value) => sum + value, 0) / patients.length;
    return { loss, auc: validationAuc(labels, logits) };
  }

  /** Evaluation-mode logits of patients, with everything they have. */
  async logits(patients: readonly number[]): Promise<readonly number[]> {
    const weights = new ParameterTensors(this.net.layout, this.parameters);
    const logits: number[] = [];
    for (let from = 0; from < patients.length; from += scoreBatch) {
      const group = patients.slice(from, from + scoreBatch);
      const mask = gatherMask(this.net.inputs, group);
      const output = tf.tidy(() => fusionForward(this.net, weights, group, [mask], null).mlp.output);
      logits.push(...(await output.data<'float32'>()));
      output.dispose();
    }
    weights.dispose();
    return logits;
  }
}

const isOpen = (mask: Uint8Array, patient: number, modalities: number): boolean =>
  mask.subarray(patient * modalities, (patient + 1) * modalities).includes(1);
