import type { Criterion, JudgedCohort, Target } from '../criteria/criterion.js';
import { outputLayerOf } from '../criteria/output-rows.js';
import { fusionNetOf } from '../heads/fusion-net.js';
import { validateHead } from '../heads/head-training.js';
import type { Head, HeadGroup } from '../heads/head.js';
import { MlpHead } from '../heads/mlp.js';
import { joinedLayout, type ParameterLayout } from '../tensor/parameters.js';
import type { Trainable, TrainingStep, ValidationScores } from '../tensor/train-loop.js';
import type { Drawn } from '../tensor/untrained.js';
import type { AlignmentObjective } from './alignment-objective.js';
import { gatherMask } from '../embeddings/modality-inputs.js';
import { latentInputs } from './latent-inputs.js';
import { ProjectionTraining } from './projection-training.js';
import type { Projection } from './projection.js';

/**
 * The probe is the fusion network of the paper (method.md 6.1). The settings `fusion` of the methods are not used,
 * because they must not change Stage 2.
 */
const probeOptions = { hidden: 64, activation: 'relu', dropout: 0 } as const;

/**
 * The probe of `ProbedTraining`: a plain fusion network over the latent vectors (eq. 8-9 of the paper), without dropout
 * or random drop.
 */
export function probeOf({ inputs, width }: Projection, criterion: Criterion): Head {
  const latents = inputs.map(({ modality }) => ({ modality, kind: 'latent' as const, width }));
  const net = fusionNetOf({
    ...{ inputs: latents, projected: latents.map(() => null), ...probeOptions },
    output: outputLayerOf(criterion, 1),
  });
  return new MlpHead(net, {
    ...{ drop: null, dropout: null, lambdaMoFe: 0, mofeStopGradReduced: false, criterion },
  });
}

export interface ProbedTrainingOptions {
  readonly projection: Projection;
  readonly objective: AlignmentObjective;
  readonly probe: Head;
  /**
   * `aligned`: initial parameters of phi and of the alignment objective, in the order of `alignedLayout`. `head`:
   * initial parameters of the probe.
   */
  readonly aligned: Float32Array;
  readonly head: Float32Array;
  /** Targets of all patients. */
  readonly judged: JudgedCohort;
  readonly validation: readonly number[];
}

/**
 * Stage 2 with a probe: a fusion network that learns to classify from detached u while phi learns to align, as in the
 * paper's simultaneous training. phi never sees an outcome. The probe's validation loss and AUC, or C, control the
 * plateau and early stopping (method.md 7.1), and afterwards the probe is discarded. With the alignment loss alone,
 * training would continue until the vectors of all patients have the same direction, and a classifier could hardly
 * distinguish the patients.
 */
export class ProbedTraining implements Trainable {
  /** The parameters of the alignment, then those of the probe. */
  readonly parameters: Float32Array;
  readonly layout: ParameterLayout;
  private readonly alignment: ProjectionTraining;

  constructor(private readonly options: ProbedTrainingOptions) {
    const { projection, objective, aligned, head, validation } = options;
    this.parameters = new Float32Array(aligned.length + head.length);
    this.parameters.set(aligned);
    this.parameters.set(head, aligned.length);
    const trained = this.parameters.subarray(0, aligned.length);
    this.alignment = new ProjectionTraining(projection, objective, trained, validation);
    this.layout = joinedLayout({ '': this.alignment.layout, probe: options.probe.layout });
  }

  /**
   * `loss` is the alignment loss, without the loss of the probe. One optimizer can update phi and the probe, because
   * Adam computes the step of every parameter separately.
   */
  async step(group: readonly number[]): Promise<TrainingStep> {
    const { u, loss, gradient, metrics } = await this.alignment.step(group);
    const probe = await this.options.probe.step(this.probeParameters, this.latentsOf(u, group), false);
    const joined = new Float32Array(this.parameters.length);
    joined.set(gradient);
    joined.set(probe.gradient, gradient.length);
    return { loss, gradient: joined, metrics: { ...metrics, probe: probe.loss } };
  }

  async validate(): Promise<ValidationScores> {
    const { u, loss: valAlignment } = await this.alignment.validate();
    if (valAlignment === null) return { loss: null, discrimination: null };
    const { probe, validation, judged } = this.options;
    const group = this.latentsOf(u, validation);
    const found = await validateHead(probe, this.probeParameters, group, judged.criterion);
    return { ...found, metrics: { valAlignment } };
  }

  /**
   * Arrays that the drawn patients could not train. The arrays of the probe are never among them, because no array of
   * the probe belongs to a single modality.
   */
  exempt(drawn: Drawn): ReadonlySet<string> {
    return this.alignment.exempt(drawn);
  }

  /**
   * The input of the probe for B patients. Here the patients are numbered 0 to B-1, as in u, and not by their positions
   * in the cohort.
   */
  private latentsOf(u: Float32Array, patients: readonly number[]): HeadGroup {
    const { projection, judged } = this.options;
    const mask = gatherMask(projection.inputs, patients);
    const chosen = projection.inputs.map(({ modality }) => modality);
    return {
      inputs: latentInputs({ u, mask, width: projection.width }, chosen),
      patients: patients.map((_, i) => i),
      targets: patients.map((patient) => judged.targets[patient] as Target),
    };
  }

  private get probeParameters(): Float32Array {
    return this.parameters.subarray(this.alignment.layout.size);
  }
}
