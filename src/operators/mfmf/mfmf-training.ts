import * as tf from '@tensorflow/tfjs-core';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Rng } from '../../pipeline/core/rng.js';
import type { JudgedCohort, Target } from '../criteria/criterion.js';
import { outputRows } from '../criteria/output-rows.js';
import { validationOf } from '../heads/head-training.js';
import type { Outputs } from '../heads/outputs.js';
import type { BagSource } from '../stage1/bag-source.js';
import { mapGradient, mapInstances } from '../stage1/instance-map.js';
import { BagPacker, subsample } from '../stage1/pack-bags.js';
import { packRuns, rowsOf, type PackedBags } from '../stage1/packed-bags.js';
import { gatherMask, gatherRows, hasAny, type ModalityInput } from '../embeddings/modality-inputs.js';
import { evidenceOf, vectorExempt } from '../embeddings/vector-exempt.js';
import { addTo } from '../tensor/add-to.js';
import { gradientsThrough } from '../tensor/autodiff.js';
import { addGradients, ParameterTensors, partOf, type ParameterLayout } from '../tensor/parameters.js';
import type { Trainable, TrainingStep, ValidationScores } from '../tensor/train-loop.js';
import type { Drawn } from '../tensor/untrained.js';
import {
  arraysOf,
  lookingArrays,
  mfmfForward,
  tokenMap,
  tokenMapNames,
  type Mfmf,
  type MfmfGroup,
} from './mfmf-net.js';

/** The bags of a modality, and the random stream for subsampling large bags. */
export interface MfmfBags {
  readonly source: BagSource;
  readonly subsample: Rng;
}

export interface MfmfTrainingOptions {
  /** The tables, in the order of the network's tables. */
  readonly tables: readonly ModalityInput[];
  /** The bags by modality, in the order of the experiment. */
  readonly bags: Partial<Record<ModalityId, MfmfBags>>;
  /** Targets of all patients. */
  readonly judged: JudgedCohort;
  /** Maximum number of instances in training. Larger bags are subsampled. null keeps all instances. */
  readonly maxInstances: number | null;
  /** Validation patients with at least one input of the network. */
  readonly validation: readonly number[];
}

/** Whether the network may use a modality of a patient. */
export type MayRead = (patient: number, modality: ModalityId) => boolean;
const readsAll: MayRead = () => true;

/** The bags of consecutive patients in one modality, and their tokens. */
interface ReadBags {
  readonly modality: ModalityId;
  readonly pack: PackedBags;
  /** The tokens of all R instances, [R, width]. */
  readonly tokens: tf.Tensor2D;
  /** Number of instances of each patient. 0 if the bag is absent. */
  readonly sizes: readonly number[];
}

/**
 * MFMF as a model of the training loop. Its loss is the mean of `l+` over a group of patients. `l+` is the loss of a
 * patient with all observed modalities. At most one pack of bags is in memory.
 */
export class MfmfTraining implements Trainable {
  readonly layout: ParameterLayout;
  private readonly packers: ReadonlyMap<ModalityId, BagPacker>;

  constructor(
    private readonly net: Mfmf,
    readonly parameters: Float32Array,
    private readonly options: MfmfTrainingOptions,
  ) {
    this.layout = net.layout;
    this.packers = new Map(
      this.modalities().map((modality) => [
        modality,
        new BagPacker(this.bagsOf(modality).source, options.judged.targets),
      ]),
    );
  }

  async step(patients: readonly number[]): Promise<TrainingStep> {
    const weights = new ParameterTensors(this.layout, this.parameters);
    const gradient = new Float32Array(this.layout.size);
    let loss = 0;
    for (const run of this.runs(patients, this.options.maxInstances))
      loss += await this.learn(weights, run, patients.length, gradient);
    weights.dispose();
    return { loss, gradient, metrics: { full: loss } };
  }

  async validate(): Promise<ValidationScores> {
    const { validation, judged } = this.options;
    if (validation.length === 0) return { loss: null, discrimination: null };
    return validationOf(await this.outputs(validation), this.targetsOf(validation), judged.criterion);
  }

  /**
   * Arrays that an epoch could not train (see `Trainable`): the arrays of a modality that no drawn patient has, those
   * that choose among instances if every drawn bag has one instance, and the learned token if all drawn patients have a
   * table.
   */
  exempt(drawn: Drawn): ReadonlySet<string> {
    const { tables, maxInstances } = this.options;
    const patients = [...new Set(drawn.flat())];
    const exempt = new Set(vectorExempt(this.layout, tables.map(evidenceOf), drawn));
    if (patients.every((patient) => hasAny(tables, patient))) exempt.add('query');
    for (const modality of this.modalities()) {
      const { source } = this.bagsOf(modality);
      const most = Math.max(
        ...patients.map((patient) => Math.min(source.rows(patient), maxInstances ?? Infinity)),
      );
      const silent =
        most === 0 ? arraysOf(this.net, modality) : most === 1 ? lookingArrays(this.net, modality) : [];
      for (const name of silent) exempt.add(name);
    }
    return exempt;
  }

  /** Outputs in evaluation mode, from whole bags. */
  outputs(patients: readonly number[]): Promise<Outputs> {
    return this.outputsOf(this.runs(patients, null), readsAll);
  }

  /**
   * Outputs in evaluation mode of each patient alone, so that the last digits do not depend on the other patients.
   *
   * @param mayRead false hides a modality that the patient has
   */
  outputsAlone(patients: readonly number[], mayRead: MayRead): Promise<Outputs> {
    return this.outputsOf(
      patients.map((patient) => [patient]),
      mayRead,
    );
  }

  private async outputsOf(runs: readonly (readonly number[])[], mayRead: MayRead): Promise<Outputs> {
    const weights = new ParameterTensors(this.layout, this.parameters);
    const rows: (readonly number[])[] = [];
    for (const run of runs) {
      const bags = await this.read(run, null, mayRead);
      const output = tf.tidy(() => mfmfForward(this.net, weights, this.groupOf(run, bags, mayRead)));
      rows.push(...outputRows(await output.data<'float32'>(), this.net.output.outputs));
      output.dispose();
      for (const { tokens } of bags) tokens.dispose();
    }
    weights.dispose();
    return rows;
  }

  /**
   * Returns the loss of the patients in `run`: the sum of their losses with all observed modalities, divided by
   * `count`, the number of patients in the group. Adds the gradient of this loss to `gradient`.
   */
  private async learn(
    weights: ParameterTensors,
    run: readonly number[],
    count: number,
    gradient: Float32Array,
  ): Promise<number> {
    const { net } = this;
    const { criterion } = this.options.judged;
    const bags = await this.read(run, this.options.maxInstances, readsAll);
    const active = this.activeArrays(bags);
    let loss = 0;
    const forward = (): tf.Tensor2D => mfmfForward(net, weights, this.groupOf(run, bags, readsAll));
    const learned = [
      ...active.map((name) => [name, weights.matrix(name)] as const),
      ...bags.map(({ modality, tokens }) => [`the tokens of ${modality}`, tokens] as const),
    ];
    const gradients = await gradientsThrough(forward, learned, (outputs) => {
      const judged = criterion.judge(outputRows(outputs, net.output.outputs), this.targetsOf(run));
      loss = judged.reduce((sum, { loss: own }) => sum + own, 0) / count;
      return judged.flatMap(({ gradient: slopes }) => slopes.map((slope) => slope / count));
    });
    const named = Object.fromEntries(active.map((name, i) => [name, gradients[i] as tf.Tensor]));
    await addGradients(this.layout, named, [gradient]);
    for (const [i, bag] of bags.entries())
      await this.learnTokens(bag, gradients[active.length + i] as tf.Tensor, gradient);
    return loss;
  }

  /**
   * The arrays that take part in the computation on the backend. The arrays of absent bags are left out. The token maps
   * of bags are left out, too, because they are computed separately.
   */
  private activeArrays(bags: readonly ReadBags[]): readonly string[] {
    const idle = new Set(
      this.modalities().flatMap((modality) =>
        bags.some((bag) => bag.modality === modality)
          ? Object.values(tokenMapNames(modality))
          : arraysOf(this.net, modality),
      ),
    );
    return this.layout.entries.map(({ name }) => name).filter((name) => !idle.has(name));
  }

  /**
   * Adds the gradient of the token map of a bag to `into`, given the gradient `d` of the bag's tokens. Disposes `d` and
   * the tokens.
   */
  private async learnTokens(
    { modality, pack, tokens }: ReadBags,
    d: tf.Tensor,
    into: Float32Array,
  ): Promise<void> {
    if (this.net.fixed === null) {
      const found = await mapGradient(pack, await d.data<'float32'>());
      const names = tokenMapNames(modality);
      for (const part of ['weight', 'bias'] as const)
        addTo(partOf(this.layout, into, names[part]), found[part]);
    }
    tf.dispose([d, tokens]);
  }

  private targetsOf(patients: readonly number[]): readonly Target[] {
    return patients.map((patient) => this.options.judged.targets[patient] as Target);
  }

  private modalities(): readonly ModalityId[] {
    return Object.keys(this.options.bags);
  }

  private bagsOf(modality: ModalityId): MfmfBags {
    const bags = this.options.bags[modality];
    if (bags === undefined) throw new Error(`MFMF was made without the bags of ${modality}`);
    return bags;
  }

  /**
   * Divides the list of patients into sections of consecutive patients. The bags of a section, of all modalities
   * together, fit into one pack.
   */
  private runs(patients: readonly number[], most: number | null): readonly (readonly number[])[] {
    const rowsOf = (patient: number): number =>
      this.modalities().reduce(
        (sum, modality) => sum + Math.min(this.bagsOf(modality).source.rows(patient), most ?? Infinity),
        0,
      );
    return packRuns(patients.map(rowsOf)).map(([from, to]) => patients.slice(from, to));
  }

  /**
   * Reads the bags of the patients in `run`, and computes their tokens. A modality that none of these patients has is
   * left out.
   */
  private async read(
    run: readonly number[],
    most: number | null,
    mayRead: MayRead,
  ): Promise<readonly ReadBags[]> {
    const bags: ReadBags[] = [];
    for (const [modality, packer] of this.packers) {
      const { source, subsample: stream } = this.bagsOf(modality);
      const reads = (patient: number): boolean => source.rows(patient) > 0 && mayRead(patient, modality);
      const having = run.filter(reads);
      if (having.length === 0) continue;
      const pack = await packer.onePack(having, (rows) => subsample(rows, most, stream));
      let bag = 0;
      const sizes = run.map((patient) => {
        if (!reads(patient)) return 0;
        bag++;
        return (pack.offsets[bag] as number) - (pack.offsets[bag - 1] as number);
      });
      const values = await mapInstances(pack, tokenMap(this.net, this.parameters, modality));
      const tokens = tf.tensor2d(values, [rowsOf(pack), this.net.width]);
      bags.push({ modality, pack, tokens, sizes });
    }
    return bags;
  }

  private groupOf(run: readonly number[], bags: readonly ReadBags[], mayRead: MayRead): MfmfGroup {
    const { tables } = this.options;
    const vectors = tables.map((input) => tf.tensor2d(gatherRows(input, run), [run.length, input.width]));
    const contexts = Object.fromEntries(bags.map((bag) => [bag.modality, bag]));
    const observed = gatherMask(tables, run);
    run.forEach((patient, p) =>
      tables.forEach(({ modality }, m) => {
        if (!mayRead(patient, modality)) observed[p * tables.length + m] = 0;
      }),
    );
    return { patients: run.length, vectors, observed, bags: contexts };
  }
}
