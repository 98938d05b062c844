import type { Config } from '../../pipeline/config/schema.js';
import type { Rng } from '../../pipeline/core/rng.js';
import { fusionNetOf, type FusionNet } from '../stage3/fusion-net.js';
import { FusionTraining } from '../stage3/fusion-training.js';
import type { Trainable, TrainingStep, Validation } from '../tensor/train-loop.js';
import { gatherMask } from './modality-inputs.js';
import { latentInputs } from './latent-inputs.js';
import { ProjectionTraining } from './projection-training.js';
import type { Projection } from './projection.js';

/** The paper's fusion network (6.1), whatever the methods' own settings: those must not change Stage 2. */
const probeOptions = { projected: null, hidden: 64, activation: 'relu', dropout: 0 } as const;

/** The head of `ProbedTraining`: a plain fusion network over the latent vectors (eq. 8-9). */
export function probeOf({ inputs, width }: Projection): FusionNet {
  const chosen = inputs.map(({ modality }) => modality);
  const noPatients = { u: new Float32Array(), mask: new Uint8Array(), width };
  return fusionNetOf({ inputs: latentInputs(noPatients, chosen), ...probeOptions });
}

export interface ProbedTrainingOptions {
  readonly projection: Projection;
  readonly probe: FusionNet;
  /** Initial weights of phi and of the probe. */
  readonly phi: Float32Array;
  readonly head: Float32Array;
  readonly labels: readonly (0 | 1)[];
  readonly align: Config['align'];
  readonly validation: readonly number[];
  /** The probe has no dropout and drops nothing; the fusion step asks for a stream all the same. */
  readonly rng: Rng;
}

/**
 * Stage 2 with a probe beside it: a fusion network that learns to classify from detached u while phi learns to align,
 * as in the paper's simultaneous training. phi never sees a label; the probe's validation loss and AUC drive the
 * plateau and early stopping (method.md 7.1), and the probe is thrown away. Left to its own loss, alignment runs on
 * until the vectors of all patients point the same way and little is left to classify.
 */
export class ProbedTraining implements Trainable {
  /** phi's, then the probe's. */
  readonly parameters: Float32Array;
  private readonly alignment: ProjectionTraining;

  constructor(private readonly options: ProbedTrainingOptions) {
    const { projection, phi, head, align, validation } = options;
    this.parameters = new Float32Array(phi.length + head.length);
    this.parameters.set(phi);
    this.parameters.set(head, phi.length);
    const trained = this.parameters.subarray(0, phi.length);
    this.alignment = new ProjectionTraining(projection, trained, align, validation);
  }

  /** `loss` is the alignment loss; one optimizer serves both, since Adam treats every parameter by itself. */
  async step(group: readonly number[]): Promise<TrainingStep> {
    const { u, loss, gradient, metrics } = await this.alignment.step(group);
    const probe = await this.probeOn(u, group).step(group.map((_, i) => i));
    const joined = new Float32Array(this.parameters.length);
    joined.set(gradient);
    joined.set(probe.gradient, gradient.length);
    return { loss, gradient: joined, metrics: { ...metrics, probe: probe.loss } };
  }

  async validate(): Promise<Validation> {
    const { u, loss: valAlignment } = await this.alignment.validate();
    if (valAlignment === null) return { loss: null, auc: null };
    const { loss, auc } = await this.probeOn(u, this.options.validation).validate();
    return { loss, auc, metrics: { valAlignment } };
  }

  /** The probe over the latent vectors of some patients, who are its patients 0 to B-1. */
  private probeOn(u: Float32Array, patients: readonly number[]): FusionTraining {
    const { projection, probe, labels, rng } = this.options;
    const mask = gatherMask(projection.inputs, patients);
    const chosen = projection.inputs.map(({ modality }) => modality);
    const inputs = latentInputs({ u, mask, width: projection.width }, chosen);
    return new FusionTraining(
      { ...probe, inputs },
      this.parameters.subarray(projection.layout.size),
      patients.map((patient) => labels[patient] as 0 | 1),
      {
        ...{ randomDrop: false, lambdaMoFe: 0, mofeStopGradReduced: false },
        ...{ dropout: rng, drop: rng },
        validation: patients.map((_, i) => i),
      },
    );
  }
}
