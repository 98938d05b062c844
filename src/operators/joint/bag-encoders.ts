import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Rng } from '../../pipeline/core/rng.js';
import type { BagSource } from '../stage1/bag-source.js';
import type { Target } from '../criteria/criterion.js';
import { EncoderTraining } from '../stage1/encoder-training.js';
import type { BagEncoder } from '../stage1/bag-encoder.js';
import type { ModalityInput } from '../embeddings/modality-inputs.js';
import { Scratch } from '../tensor/scratch.js';
import type { Drawn } from '../tensor/untrained.js';

/** The encoder of one pathology modality, its bags, and the random streams of its training passes. */
export interface EncoderPart {
  readonly modality: ModalityId;
  readonly encoder: BagEncoder;
  readonly source: BagSource;
  /** Maximum number of instances in training. Larger bags are subsampled. null keeps all instances. */
  readonly maxInstances: number | null;
  readonly dropout: Rng;
  readonly subsample: Rng;
}

/** The outputs of the encoders for a group of patients, one entry per encoder. */
export interface EncodedGroup {
  /** Row i is z of the group's i-th patient. A patient who was drawn twice has two rows, each with its own dropout masks. */
  readonly inputs: readonly ModalityInput[];
  /** The image loss `L_img` (method.md 4.2), summed over the patients of the group. */
  readonly losses: readonly number[];
}

/** z of some bags, concatenated, and the sum of the image loss `L_img` (method.md 4.2) over these bags. */
interface Encoded {
  readonly z: Float32Array;
  readonly loss: number;
}

/** The encoders of a method, for groups of patients in which some lack a modality. At most one pack of bags is in memory. */
export class BagEncoders {
  private readonly trainings: readonly EncoderTraining[];

  /**
   * @param parameters of each encoder; the caller may change them
   * @param targets of all patients
   */
  constructor(
    private readonly parts: readonly EncoderPart[],
    parameters: readonly Float32Array[],
    targets: readonly Target[],
  ) {
    // Encoders compute one after another, so they can share the memory.
    const scratch = new Scratch();
    this.trainings = parts.map(
      ({ encoder, source, ...options }, i) =>
        new EncoderTraining(encoder, parameters[i] as Float32Array, source, targets, {
          ...options,
          validation: [],
          scratch,
        }),
    );
  }

  /**
   * Training pass. Adds the gradient of the mean image loss over the group to `into`. If `dz` gives the gradient of
   * another loss with respect to z - [B, embedding] for each encoder - its gradient is added, too.
   */
  learn(
    group: readonly number[],
    into: readonly Float32Array[],
    dz: readonly Float32Array[] | null,
  ): Promise<EncodedGroup> {
    return this.encode(group, async (training, patients, positions, i) => {
      const { embedding } = (this.parts[i] as EncoderPart).encoder;
      const sums = new Float32Array(training.layout.size);
      // All gradients are divided by B below. `dz` is already the gradient of a mean over B patients, so it is
      // multiplied by B first.
      const scaled = dz && rowsAt(dz[i] as Float32Array, embedding, positions).map((d) => d * group.length);
      const pass = await training.pass(patients, { into: sums, ...(scaled && { dz: scaled }) });
      const target = into[i] as Float32Array;
      sums.forEach((sum, k) => (target[k] = (target[k] as number) + sum / group.length));
      return { z: pass.z, loss: training.weighted(pass) };
    });
  }

  /**
   * Computes z with the random draws that the next training pass will repeat. Nothing is learned and no loss is
   * computed.
   */
  rehearse(group: readonly number[]): Promise<EncodedGroup> {
    return this.encode(group, async (training, patients) => ({
      z: await training.rehearse(patients),
      loss: 0,
    }));
  }

  /** The outputs in evaluation mode: without dropout, and with all instances of each bag. */
  evaluate(group: readonly number[]): Promise<EncodedGroup> {
    return this.encode(group, async (training, patients, _, i) => {
      const { embedding } = (this.parts[i] as EncoderPart).encoder;
      const z = new Float32Array(patients.length * embedding);
      let at = 0;
      let loss = 0;
      for await (const { result } of training.evaluate(patients)) {
        z.set(result.z, at);
        at += result.z.length;
        loss += training.weighted({ bag: sum(result.bagLosses), instance: sum(result.instanceLosses) });
      }
      return { z, loss };
    });
  }

  /**
   * For each encoder, names of the parameter arrays that an epoch may leave without a gradient (see
   * `Trainable.exempt`).
   */
  exempt(drawn: Drawn, attached: boolean): readonly ReadonlySet<string>[] {
    return this.trainings.map((training) => training.exempt(drawn, attached));
  }

  private async encode(
    group: readonly number[],
    encodeBags: (
      training: EncoderTraining,
      patients: readonly number[],
      positions: readonly number[],
      i: number,
    ) => Promise<Encoded>,
  ): Promise<EncodedGroup> {
    const inputs: ModalityInput[] = [];
    const losses: number[] = [];
    for (const [i, { modality, encoder, source }] of this.parts.entries()) {
      const positions = group.flatMap((patient, position) => (source.has(patient) ? [position] : []));
      const patients = positions.map((position) => group[position] as number);
      const { z, loss } = await encodeBags(this.trainings[i] as EncoderTraining, patients, positions, i);
      const width = encoder.embedding;
      const values = new Float32Array(group.length * width);
      const observed = new Uint8Array(group.length);
      positions.forEach((position, row) => {
        observed[position] = 1;
        values.set(z.subarray(row * width, (row + 1) * width), position * width);
      });
      inputs.push({ modality, kind: 'bag', width, values, observed });
      losses.push(loss);
    }
    return { inputs, losses };
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Rows of an array [B, width] at the given positions, concatenated. */
function rowsAt(values: Float32Array, width: number, positions: readonly number[]): Float32Array {
  const rows = new Float32Array(positions.length * width);
  positions.forEach((position, row) =>
    rows.set(values.subarray(position * width, (position + 1) * width), row * width),
  );
  return rows;
}
