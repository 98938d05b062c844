import { layoutOf, type ParameterLayout } from '../tensor/parameters.js';
import type { Trainable, TrainingStep, ValidationScores } from '../tensor/train-loop.js';
import type { Drawn } from '../tensor/untrained.js';
import type { AlignmentObjective, ObjectiveLoss } from './alignment-objective.js';
import { gatherMask } from '../embeddings/modality-inputs.js';
import { project, type Projection } from './projection.js';
import { evidenceOf } from '../embeddings/vector-exempt.js';
import { alignmentExempt } from './alignment-exempt.js';

/** The latent vectors u [B, M, D] that a step or a validation was computed on. */
interface OnLatents {
  readonly u: Float32Array;
}

/** All parameters of an alignment: phi, then those of its objective. */
export const alignedLayout = (projection: Projection, { specs }: AlignmentObjective): ParameterLayout =>
  layoutOf([...projection.layout.entries, ...specs]);

/** Stage 2 as a model of the training loop. Its loss is the alignment loss of a group of patients. */
export class ProjectionTraining implements Trainable {
  readonly layout: ParameterLayout;

  constructor(
    private readonly projection: Projection,
    private readonly objective: AlignmentObjective,
    readonly parameters: Float32Array,
    private readonly validation: readonly number[],
  ) {
    this.layout = alignedLayout(projection, objective);
  }

  async step(group: readonly number[]): Promise<TrainingStep & OnLatents> {
    const gradient = new Float32Array(this.layout.size);
    const { size } = this.projection.layout;
    let loss!: ObjectiveLoss;
    const u = await project(this.projection, this.parameters.subarray(0, size), group, {
      gradientOf: (latents) => {
        loss = this.lossOf(latents, group);
        return loss.gradient;
      },
      into: gradient.subarray(0, size),
    });
    gradient.set(loss.ownGradient, size);
    return { u, loss: loss.total, gradient, metrics: loss.metrics };
  }

  /** The alignment loss of all validation patients as one group (method.md 7.1). */
  async validate(): Promise<ValidationScores & OnLatents> {
    if (this.validation.length === 0) return { u: new Float32Array(), loss: null, discrimination: null };
    const phi = this.parameters.subarray(0, this.projection.layout.size);
    const u = await project(this.projection, phi, this.validation);
    return { u, loss: this.lossOf(u, this.validation).total, discrimination: null };
  }

  exempt(drawn: Drawn): ReadonlySet<string> {
    const evidence = this.projection.inputs.map(evidenceOf);
    return alignmentExempt(this.layout, this.objective, evidence, drawn, false);
  }

  private lossOf(u: Float32Array, patients: readonly number[]): ObjectiveLoss {
    const { inputs, width, layout } = this.projection;
    const mask = gatherMask(inputs, patients);
    const own = this.parameters.subarray(layout.size);
    return this.objective.lossOf({ u, mask, modalities: inputs.length, width }, own);
  }
}
