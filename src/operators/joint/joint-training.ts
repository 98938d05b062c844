import type { ModalityId } from '../../pipeline/core/modality.js';
import type { JudgedCohort, Target } from '../criteria/criterion.js';
import { validateHead } from '../heads/head-training.js';
import type { Head } from '../heads/head.js';
import type { AlignmentObjective } from '../stage2/alignment-objective.js';
import { latentInputs } from '../stage2/latent-inputs.js';
import { gatherMask, gatherRows, type ModalityInput } from '../embeddings/modality-inputs.js';
import { alignedLayout } from '../stage2/projection-training.js';
import { project, type Projection } from '../stage2/projection.js';
import { evidenceOf, vectorExempt, type Evidence } from '../embeddings/vector-exempt.js';
import { alignmentExempt } from '../stage2/alignment-exempt.js';
import { joinedLayout, type ParameterLayout } from '../tensor/parameters.js';
import type { Trainable, TrainingStep, ValidationScores } from '../tensor/train-loop.js';
import type { Drawn } from '../tensor/untrained.js';
import { BagEncoders, type EncodedGroup, type EncoderPart } from './bag-encoders.js';

export interface JointAlignment {
  readonly projection: Projection;
  readonly objective: AlignmentObjective;
}

/** The parts of a method that is trained jointly. */
export interface JointParts {
  /** The modalities that the method reads. Lists with one entry per modality are in this order. */
  readonly chosen: readonly ModalityId[];
  readonly encoders: readonly EncoderPart[];
  /** Vectors of those chosen modalities that are tables, for all patients. */
  readonly tables: readonly ModalityInput[];
  /** The maps phi and their loss. Null if the head reads z and the table vectors through its own maps. */
  readonly alignment: JointAlignment | null;
  readonly head: Head;
  /** Whether every part learns only from its own loss (method.md 4.5). */
  readonly detach: boolean;
}

/** Parameters of all parts: the encoders in order, the alignment with the parameters of its objective, the head. */
export const jointLayout = ({ encoders, alignment, head }: JointParts): ParameterLayout =>
  joinedLayout({
    ...Object.fromEntries(encoders.map(({ modality, encoder }) => [`encoder.${modality}`, encoder.layout])),
    ...(alignment === null ? {} : { alignment: alignedLayout(alignment.projection, alignment.objective) }),
    head: head.layout,
  });

/** A flat array in the joint layout, divided into views of its parts. Writing to a part changes the array. */
interface Split {
  readonly encoders: readonly Float32Array[];
  readonly phi: Float32Array;
  /** The parameters of the alignment objective. */
  readonly objective: Float32Array;
  readonly head: Float32Array;
}

/** The results of the stages after the encoders in a step. */
interface LaterStep {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /**
   * Gradient with respect to the inputs of the stages after the encoders: z and the table vectors, [B, d_m] per
   * modality. The entry of a table may be null. `vectors` is null if the parts are detached.
   */
  readonly vectors: readonly (Float32Array | null)[] | null;
}

/**
 * All stages of a method in one optimisation step (method.md 7, 7.1): `L_img` of the encoders and the loss of the head as means over
 * the patients of the group, and the alignment loss of the group.
 *
 * With detachment, each part learns from its own loss. Without detachment, the gradient of all losses must reach the
 * bags. So the encoders run twice with the same random draws. The first run computes z. When the gradient with respect
 * to z is known, the second run backpropagates it.
 */
export class JointTraining implements Trainable {
  readonly layout: ParameterLayout;
  private readonly encoders: BagEncoders;
  private readonly own: Split;

  /**
   * @param parameters the parameters of all parts, in `jointLayout`
   * @param judged targets of all patients
   * @param validation patients with at least one of the modalities
   */
  constructor(
    private readonly parts: JointParts,
    readonly parameters: Float32Array,
    private readonly judged: JudgedCohort,
    private readonly validation: readonly number[],
  ) {
    this.layout = jointLayout(parts);
    this.own = this.split(parameters);
    this.encoders = new BagEncoders(parts.encoders, this.own.encoders, judged.targets);
  }

  /** Current parameters of phi. */
  get phi(): Float32Array {
    return this.own.phi;
  }

  /** Current parameters of the head. */
  get head(): Float32Array {
    return this.own.head;
  }

  async step(group: readonly number[]): Promise<TrainingStep> {
    const { detach, encoders: parts, chosen } = this.parts;
    const gradient = new Float32Array(this.layout.size);
    const into = this.split(gradient);
    const first = detach
      ? await this.encoders.learn(group, into.encoders, null)
      : await this.encoders.rehearse(group);
    const later = await this.stepBehindEncoders(this.inputsOf(group, first), this.targetsOf(group), into);
    const { vectors } = later;
    const dz = vectors && parts.map(({ modality }) => vectors[chosen.indexOf(modality)] as Float32Array);
    const { losses } = detach ? first : await this.encoders.learn(group, into.encoders, dz);
    const images = parts.map(
      ({ modality }, i) => [`img_${modality.toLowerCase()}`, (losses[i] as number) / group.length] as const,
    );
    return {
      loss: images.reduce((sum, [, value]) => sum + value, later.loss),
      gradient,
      metrics: { ...Object.fromEntries(images), ...later.metrics },
    };
  }

  /**
   * The mean of `L_img + l+` over the validation patients (`L_img` is the loss of the encoders), and how well the fused
   * scores rank these patients (method.md 7). `l+` is the loss of the head with all observed modalities. The alignment
   * loss and `l-`, the loss after random drop, are left out.
   */
  async validate(): Promise<ValidationScores> {
    const patients = this.validation;
    if (patients.length === 0) return { loss: null, discrimination: null };
    const { inputs, losses } = await this.embed(patients);
    const read = await this.readByHead(inputs);
    const positions = patients.map((_, position) => position);
    const group = { inputs: read, patients: positions, targets: this.targetsOf(patients) };
    const { loss, discrimination } = await validateHead(
      this.parts.head,
      this.own.head,
      group,
      this.judged.criterion,
    );
    const image = losses.reduce((sum, value) => sum + value, 0) / patients.length;
    return { loss: loss === null ? null : loss + image, discrimination };
  }

  /**
   * z and the table vectors of patients, with the encoders in evaluation mode; row i is of the i-th patient. Also the
   * loss of the encoders, summed over the patients.
   */
  async embed(patients: readonly number[]): Promise<EncodedGroup> {
    const encoded = await this.encoders.evaluate(patients);
    return { inputs: this.inputsOf(patients, encoded), losses: encoded.losses };
  }

  exempt(drawn: Drawn): ReadonlySet<string> {
    const { chosen, encoders, tables, alignment, head, detach } = this.parts;
    const evidence = [...encoders.map(evidenceOfBags), ...tables.map(evidenceOf)].sort(
      (a, b) => chosen.indexOf(a.modality) - chosen.indexOf(b.modality),
    );
    const under = (prefix: string, names: ReadonlySet<string>): readonly string[] =>
      [...names].map((name) => `${prefix}.${name}`);
    const ofEncoders = this.encoders.exempt(drawn, !detach);
    return new Set([
      ...encoders.flatMap(({ modality }, i) => under(`encoder.${modality}`, ofEncoders[i] ?? new Set())),
      ...(alignment === null ? [] : under('alignment', this.alignmentExempt(alignment, evidence, drawn))),
      ...under('head', vectorExempt(head.layout, evidence, drawn)),
    ]);
  }

  private alignmentExempt(
    { projection, objective }: JointAlignment,
    evidence: readonly Evidence[],
    drawn: Drawn,
  ): ReadonlySet<string> {
    const layout = alignedLayout(projection, objective);
    return alignmentExempt(layout, objective, evidence, drawn, !this.parts.detach);
  }

  /**
   * Computes the losses of alignment and head for the vectors of a group, and writes the gradients of their parameters
   * to `into`.
   */
  private async stepBehindEncoders(
    inputs: readonly ModalityInput[],
    targets: readonly Target[],
    into: Split,
  ): Promise<LaterStep> {
    const { alignment, head, detach, chosen } = this.parts;
    const patients = targets.map((_, position) => position);
    if (alignment === null) {
      const { loss, metrics, ...step } = await head.step(
        this.own.head,
        { inputs, patients, targets },
        !detach,
      );
      into.head.set(step.gradient);
      return { loss, metrics, vectors: step.inputs };
    }
    const projection = { ...alignment.projection, inputs };
    const { width } = projection;
    const mask = gatherMask(inputs, patients);
    const vectors = detach ? null : inputs.map(zerosOfBag);
    let [loss, metrics] = [0, {}];
    await project(projection, this.own.phi, patients, {
      into: into.phi,
      ...(vectors && { inputs: vectors }),
      gradientOf: async (u) => {
        const group = { u, mask, modalities: inputs.length, width };
        const aligned = alignment.objective.lossOf(group, this.own.objective);
        into.objective.set(aligned.ownGradient);
        const read = latentInputs(group, chosen);
        const step = await head.step(this.own.head, { inputs: read, patients, targets }, !detach);
        into.head.set(step.gradient);
        loss = aligned.total + step.loss;
        metrics = { ...aligned.metrics, ...step.metrics };
        return step.inputs === null ? aligned.gradient : withHead(aligned.gradient, step.inputs, mask, width);
      },
    });
    return { loss, metrics, vectors };
  }

  /** The inputs of the head for these vectors: the vectors themselves, or their projections by phi. */
  private async readByHead(inputs: readonly ModalityInput[]): Promise<readonly ModalityInput[]> {
    const { alignment, chosen } = this.parts;
    if (alignment === null) return inputs;
    const patients = Array.from(inputs[0]?.observed ?? [], (_, position) => position);
    const projection = { ...alignment.projection, inputs };
    const u = await project(projection, this.own.phi, patients);
    return latentInputs({ u, mask: gatherMask(inputs, patients), width: projection.width }, chosen);
  }

  /** z and table vectors of a group, row i for its i-th patient, in the order of the modalities. */
  private inputsOf(group: readonly number[], { inputs }: EncodedGroup): readonly ModalityInput[] {
    const { chosen, tables } = this.parts;
    const vectors = tables.map((table) => ({
      ...table,
      values: gatherRows(table, group),
      observed: Uint8Array.from(group, (patient) => table.observed[patient] as number),
    }));
    return [...inputs, ...vectors].sort((a, b) => chosen.indexOf(a.modality) - chosen.indexOf(b.modality));
  }

  private split(values: Float32Array): Split {
    const { encoders, alignment, head } = this.parts;
    let at = 0;
    const next = (size: number): Float32Array => values.subarray(at, (at += size));
    return {
      encoders: encoders.map(({ encoder }) => next(encoder.layout.size)),
      phi: next(alignment?.projection.layout.size ?? 0),
      objective: next(values.length - at - head.layout.size),
      head: next(head.layout.size),
    };
  }

  private targetsOf(patients: readonly number[]): readonly Target[] {
    return patients.map((patient) => this.judged.targets[patient] as Target);
  }
}

const evidenceOfBags = ({ modality, encoder, source }: EncoderPart): Evidence => {
  const has = (patient: number): boolean => source.has(patient);
  return { modality, width: encoder.embedding, has, says: has };
};

/** Memory for the gradient of the vectors of a bag modality. Table vectors are not learned, so they get none. */
const zerosOfBag = ({ kind, values }: ModalityInput): Float32Array | null =>
  kind === 'bag' ? new Float32Array(values.length) : null;

/**
 * Gradient with respect to u, [B, M, D]: the gradient of the alignment loss plus, for observed modalities, the gradient
 * of the head's loss, [B, D] per modality.
 */
function withHead(
  aligned: Float64Array,
  head: readonly Float32Array[],
  mask: Uint8Array,
  width: number,
): Float64Array {
  const total = aligned.slice();
  mask.forEach((observed, slot) => {
    if (observed === 0) return;
    const [patient, modality] = [Math.floor(slot / head.length), slot % head.length];
    const row = (head[modality] as Float32Array).subarray(patient * width, (patient + 1) * width);
    row.forEach((value, d) => (total[slot * width + d] = (total[slot * width + d] as number) + value));
  });
  return total;
}
