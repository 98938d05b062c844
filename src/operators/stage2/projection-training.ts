import type { ParameterLayout } from '../tensor/parameters.js';
import type { Trainable, TrainingStep, Validation } from '../tensor/train-loop.js';
import { alignmentLoss, type AlignmentLoss, type AlignmentOptions } from './alignment.js';
import { gatherMask } from './modality-inputs.js';
import { project, type Projection } from './projection.js';

/** What a step or a validation was computed on: u of the patients, [B, M, D]. */
interface OnLatents {
  readonly u: Float32Array;
}

/** Stage 2 as a model of the training loop: the alignment loss of a group of patients (eq. 5-7). */
export class ProjectionTraining implements Trainable {
  readonly layout: ParameterLayout;

  constructor(
    private readonly projection: Projection,
    readonly parameters: Float32Array,
    private readonly options: AlignmentOptions,
    private readonly validation: readonly number[],
  ) {
    this.layout = projection.layout;
  }

  async step(group: readonly number[]): Promise<TrainingStep & OnLatents> {
    const gradient = new Float32Array(this.projection.layout.size);
    let loss!: AlignmentLoss;
    const u = await project(this.projection, this.parameters, group, {
      gradientOf: (latents) => {
        loss = this.lossOf(latents, group);
        return loss.gradient;
      },
      into: gradient,
    });
    const { total, sv, pd, degenerate } = loss;
    return { u, loss: total, gradient, metrics: { sv, pd, degenerate: degenerate / group.length } };
  }

  /** The alignment loss of all validation patients as one group (method.md 7.1). */
  async validate(): Promise<Validation & OnLatents> {
    if (this.validation.length === 0) return { u: new Float32Array(), loss: null, auc: null };
    const u = await project(this.projection, this.parameters, this.validation);
    return { u, loss: this.lossOf(u, this.validation).total, auc: null };
  }

  private lossOf(u: Float32Array, patients: readonly number[]): AlignmentLoss {
    const { inputs, width } = this.projection;
    const mask = gatherMask(inputs, patients);
    return alignmentLoss({ u, mask, modalities: inputs.length, width }, this.options);
  }
}
