import type { Rng } from '../../pipeline/core/rng.js';
import { ParameterTensors, type ParameterLayout } from '../tensor/parameters.js';
import type { Trainable, TrainingStep, Validation } from '../tensor/train-loop.js';
import { validationAuc } from '../tensor/validation-auc.js';
import { bagGrad, type BagResult } from './bag-grad.js';
import type { BagSource } from './bag-source.js';
import type { Encoder } from './encoder.js';
import { BagPacker, subsample } from './pack-bags.js';
import { drawMasks } from './packed-bags.js';

export interface EncoderTrainingOptions {
  /** Subsample larger bags to so many instances in training; null keeps all. */
  readonly maxInstances: number | null;
  /** Validation patients that have the modality. */
  readonly validation: readonly number[];
  readonly dropout: Rng;
  readonly subsample: Rng;
}

/** Stage 1 as a model of the training loop: mean `L_img` over the bags of a group (eq. 3). */
export class EncoderTraining implements Trainable {
  readonly layout: ParameterLayout;
  private readonly packer: BagPacker;

  constructor(
    private readonly encoder: Encoder,
    readonly parameters: Float32Array,
    source: BagSource,
    private readonly labels: readonly (0 | 1)[],
    private readonly options: EncoderTrainingOptions,
  ) {
    this.layout = encoder.layout;
    this.packer = new BagPacker(source, labels);
  }

  async step(group: readonly number[]): Promise<TrainingStep> {
    const { encoder, options } = this;
    const gradient = new Float32Array(encoder.layout.size);
    const weights = new ParameterTensors(encoder.layout, this.parameters);
    const select = (rows: number): readonly number[] | null =>
      subsample(rows, options.maxInstances, options.subsample);
    let bag = 0;
    let instance = 0;
    for (const { pack } of this.packer.packs(group, select)) {
      const masks = drawMasks(pack, encoder, options.dropout);
      const result = await bagGrad(encoder, weights, pack, masks, gradient);
      bag += sum(result.bagLosses);
      instance += sum(result.instanceLosses);
    }
    weights.dispose();
    for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i] as number) / group.length;
    const metrics = { bag: bag / group.length, instance: instance / group.length };
    return { loss: this.weighted(metrics), gradient, metrics };
  }

  async validate(): Promise<Validation> {
    const patients = this.options.validation;
    if (patients.length === 0) return { loss: null, auc: null };
    const scores: number[] = [];
    let loss = 0;
    for await (const { result } of this.evaluate(patients)) {
      loss += this.weighted({ bag: sum(result.bagLosses), instance: sum(result.instanceLosses) });
      for (let i = 0; i < result.bagLosses.length; i++)
        scores.push((result.logits[2 * i + 1] as number) - (result.logits[2 * i] as number));
    }
    const labels = patients.map((patient) => this.labels[patient] as 0 | 1);
    return { loss: loss / patients.length, auc: validationAuc(labels, scores) };
  }

  /** Evaluation-mode results of patients that have the modality, a pack at a time, in order. */
  async *evaluate(
    patients: readonly number[],
  ): AsyncGenerator<{ readonly patients: readonly number[]; readonly result: BagResult }> {
    const weights = new ParameterTensors(this.encoder.layout, this.parameters);
    try {
      for (const { patients: members, pack } of this.packer.packs(patients))
        yield { patients: members, result: await bagGrad(this.encoder, weights, pack, null, null) };
    } finally {
      weights.dispose();
    }
  }

  private weighted({ bag, instance }: { readonly bag: number; readonly instance: number }): number {
    return this.encoder.wBag * bag + this.encoder.wInst * instance;
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
