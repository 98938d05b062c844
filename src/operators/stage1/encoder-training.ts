import type { Rng } from '../../pipeline/core/rng.js';
import type { Target } from '../criteria/criterion.js';
import { outputRows } from '../criteria/output-rows.js';
import { addTo } from '../tensor/add-to.js';
import type { ParameterLayout } from '../tensor/parameters.js';
import { Scratch } from '../tensor/scratch.js';
import type { Trainable, TrainingStep, ValidationScores } from '../tensor/train-loop.js';
import type { Drawn } from '../tensor/untrained.js';
import { bagGrad, type BagResult } from './bag-grad.js';
import type { BagSource } from './bag-source.js';
import type { DevicePlace } from './device-room.js';
import { encoderExempt } from './encoder-exempt.js';
import type { EncoderPasses } from './encoder-passes.js';
import type { BagEncoder } from './bag-encoder.js';
import { openPasses } from './open-passes.js';
import { BagPacker, subsample } from './pack-bags.js';
import { drawMasks, type EncoderMasks, type PackedBags } from './packed-bags.js';

export interface EncoderTrainingOptions {
  /** Largest number of instances of a bag in training. Larger bags are subsampled; null keeps all instances. */
  readonly maxInstances: number | null;
  /** Validation patients that have a bag for the encoder. */
  readonly validation: readonly number[];
  readonly dropout: Rng;
  readonly subsample: Rng;
  /** Cancels a training or evaluation pass. The pass checks the signal before each pack. */
  readonly signal?: AbortSignal;
  /** The device that the job shares with other folds; null on the CPU. */
  readonly place?: DevicePlace | null;
  /**
   * Reusable memory. Several trainings may share it if they never compute at the same time. @default memory of this
   * training only
   */
  readonly scratch?: Scratch;
}

/** Result of a training pass over B bags: z [B, embedding] in the order of the bags, and unweighted sums of the losses. */
export interface TrainingPass {
  readonly z: Float32Array;
  readonly bag: number;
  readonly instance: number;
}

/**
 * Lets the training loop train an encoder of Stage 1. The loss of a group of patients is the mean of the image loss
 * `L_img` (method.md 4.2) over their bags.
 */
export class EncoderTraining implements Trainable {
  readonly layout: ParameterLayout;
  private readonly packer: BagPacker;
  private readonly place: DevicePlace | null;
  private readonly scratch: Scratch;

  constructor(
    private readonly encoder: BagEncoder,
    readonly parameters: Float32Array,
    private readonly source: BagSource,
    private readonly targets: readonly Target[],
    private readonly options: EncoderTrainingOptions,
  ) {
    this.layout = encoder.layout;
    this.place = options.place ?? null;
    this.scratch = options.scratch ?? new Scratch();
    this.packer = new BagPacker(source, targets, this.place);
  }

  async step(group: readonly number[]): Promise<TrainingStep> {
    const gradient = new Float32Array(this.layout.size);
    const { bag, instance } = await this.pass(group, { into: gradient });
    for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i] as number) / group.length;
    const metrics = { bag: bag / group.length, instance: instance / group.length };
    return { loss: this.weighted(metrics), gradient, metrics };
  }

  /**
   * Training pass over patients who have a bag, one pack at a time. Adds to `into` the gradient of the sum of `L_img`
   * over the bags. If `dz` [B, embedding], the gradient of a later loss with respect to z, is given, also adds the
   * gradient that reaches the parameters through z. Without `learning` no gradient is computed.
   */
  async pass(
    patients: readonly number[],
    learning: { readonly into: Float32Array; readonly dz?: Float32Array } | null,
  ): Promise<TrainingPass> {
    const { encoder, options } = this;
    const width = encoder.embedding;
    const z = new Float32Array(patients.length * width);
    const select = (rows: number): readonly number[] | null =>
      subsample(rows, options.maxInstances, options.subsample);
    let bag = 0;
    let instance = 0;
    let from = 0;
    const passes = this.open();
    try {
      for await (const { patients: members, pack } of this.packer.packs(patients, select)) {
        options.signal?.throwIfAborted();
        const to = from + members.length;
        const masks = drawMasks(pack, encoder, options.dropout, this.scratch);
        const dz = learning?.dz?.subarray(from * width, to * width) ?? null;
        const result = await this.compute(passes, pack, masks, learning?.into ?? null, dz);
        z.set(result.z, from * width);
        bag += sum(result.bagLosses);
        instance += sum(result.instanceLosses);
        from = to;
      }
    } finally {
      passes.dispose();
    }
    return { z, bag, instance };
  }

  /**
   * Computes z as a training pass does, without a gradient. The random streams are reset, so the next pass over the
   * same patients draws the same dropout masks and the same subsamples.
   */
  async rehearse(patients: readonly number[]): Promise<Float32Array> {
    const { dropout, subsample: chosen } = this.options;
    const [ofDropout, ofChosen] = [dropout.state(), chosen.state()];
    const { z } = await this.pass(patients, null);
    dropout.restore(ofDropout);
    chosen.restore(ofChosen);
    return z;
  }

  exempt(drawn: Drawn, attached = false): ReadonlySet<string> {
    const { source, targets, options } = this;
    return encoderExempt(
      this.encoder,
      { source, targets, maxInstances: options.maxInstances, attached },
      drawn,
    );
  }

  async validate(): Promise<ValidationScores> {
    const patients = this.options.validation;
    const { criterion, outputs } = this.encoder;
    if (patients.length === 0) return { loss: null, discrimination: null };
    const scores: number[] = [];
    let loss = 0;
    for await (const { result } of this.evaluate(patients)) {
      loss += this.weighted({ bag: sum(result.bagLosses), instance: sum(result.instanceLosses) });
      scores.push(...outputRows(result.logits, outputs).map((row) => criterion.scoreOf(row)));
    }
    const targets = patients.map((patient) => this.targets[patient] as Target);
    return { loss: loss / patients.length, discrimination: criterion.discrimination(targets, scores) };
  }

  /**
   * Results of the encoder in evaluation mode for patients who have a bag, one pack at a time, in the order of the
   * patients.
   */
  async *evaluate(
    patients: readonly number[],
  ): AsyncGenerator<{ readonly patients: readonly number[]; readonly result: BagResult }> {
    const passes = this.open();
    try {
      for await (const { patients: members, pack } of this.packer.packs(patients)) {
        this.options.signal?.throwIfAborted();
        yield { patients: members, result: await this.compute(passes, pack, null, null, null) };
      }
    } finally {
      passes.dispose();
    }
  }

  private open(): EncoderPasses {
    const { place, encoder, parameters, scratch } = this;
    return place?.open(parameters) ?? openPasses(encoder, parameters, scratch);
  }

  private compute(
    passes: EncoderPasses,
    pack: PackedBags,
    masks: EncoderMasks | null,
    into: Float32Array | null,
    dz: Float32Array | null,
  ): Promise<BagResult> {
    const { encoder, place } = this;
    if (place === null) return bagGrad(encoder, passes, pack, masks, into, dz);
    return place.withRoom(async () => {
      // A failed pass may have added a part of the gradient already. So the pass adds to a copy of the gradient, and
      // not to `into`.
      const own = into === null ? null : new Float32Array(into.length);
      const result = await bagGrad(encoder, passes, pack, masks, own, dz);
      if (into !== null && own !== null) addTo(into, own);
      return result;
    });
  }

  /** `L_img`, the weighted sum of the bag loss and the instance loss (method.md 4.2). */
  weighted({ bag, instance }: { readonly bag: number; readonly instance: number }): number {
    return this.encoder.wBag * bag + this.encoder.wInst * instance;
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
