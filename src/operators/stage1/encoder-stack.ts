import * as tf from '@tensorflow/tfjs-core';
import { addGradients, type ParameterTensors } from '../tensor/parameters.js';
import type { RowsPass, RowsUpstream } from './encoder-passes.js';
import {
  encode,
  encodeBack,
  type EncoderPass,
  type Instances,
  type MaskTensors,
  type Weights,
} from './encoder-tensors.js';
import type { BagEncoder } from './bag-encoder.js';
import { InputRows } from './input-rows.js';
import { headClasses } from './instance-loss.js';
import { rowsOf, type EncoderMasks, type PackedBags, type RowArray } from './packed-bags.js';
import { Stacking } from './stacking.js';

/** A member of a stack (see EncoderStack): an encoder and its pack. */
export interface StackMember {
  readonly weights: ParameterTensors;
  readonly pack: PackedBags;
  /** Dropout masks; null in evaluation. Either all members of a stack have masks or none has. */
  readonly masks: EncoderMasks | null;
}

/** Results of the forward pass for one member of a stack; see RowsPass. */
export type MemberScores = Pick<RowsPass, 'scores' | 'heads'>;

/** Inputs of the backward pass from one member of a stack; see RowsPass.backward. */
export interface MemberUpstream {
  readonly upstream: RowsUpstream;
  readonly gradient: Float32Array;
}

const nothing = new Float32Array();

/**
 * A stack: the batched passes of F encoders of one shape, for example of F folds. One batched product multiplies F
 * packs by the F sets of weights. Shorter packs are padded with rows of zeros. Padding has no gradient, so each member
 * gets the results that it would get alone. Dispose the stack when all members are done, or when a pass has failed.
 */
export class EncoderStack {
  private readonly rows: Stacking;
  private readonly bags: Stacking;
  /** Tensors of this stack on the backend. */
  private readonly held: { dispose(): void }[] = [];
  private given: { input: Instances; masks: MaskTensors; weights: Weights; pass: EncoderPass } | null = null;

  constructor(
    private readonly encoder: BagEncoder,
    private readonly members: readonly StackMember[],
  ) {
    this.rows = new Stacking(members.map(({ pack }) => rowsOf(pack)));
    this.bags = new Stacking(members.map(({ pack }) => pack.targets.length));
  }

  /** The forward pass. Call it before `pool` and `backward`. */
  async forward(): Promise<readonly MemberScores[]> {
    const [input, masks, weights] = [this.uploadRows(), this.uploadMasks(), this.stackWeights()];
    const pass = tf.tidy(() => encode(this.encoder, weights, input, masks));
    this.held.push(...Object.values(pass));
    this.given = { input, masks, weights, pass };
    const [scores, heads] = await Promise.all([pass.scores.data<'float32'>(), pass.heads.data<'float32'>()]);
    const headsOf = this.rows.parts(heads, this.headColumns);
    return this.rows.parts(scores, 1).map((own, i) => ({ scores: own, heads: headsOf[i] as Float32Array }));
  }

  /**
   * @param attentions for each member, the attention of the R rows of its pack; null if the member has left
   * @returns the pooled rows of each member, [P, d1]
   */
  async pool(attentions: readonly (Float32Array | null)[]): Promise<readonly Float32Array[]> {
    const { pass } = this.forwarded();
    const pooled = tf.tidy(() => tf.matMul(this.attentionOf(attentions), pass.embedded));
    const values = await pooled.data<'float32'>();
    pooled.dispose();
    return this.bags.parts(values, this.encoder.hidden);
  }

  /**
   * The backward pass.
   * @param given for each encoder of the stack, the gradients that its backward pass starts from; null if it does not learn
   */
  async backward(given: readonly (MemberUpstream | null)[]): Promise<void> {
    const { encoder, bags, rows } = this;
    const { input, masks, weights, pass } = this.forwarded();
    const of = (name: keyof RowsUpstream): readonly Float32Array[] =>
      given.map((own) => own?.upstream[name] ?? nothing);
    const gradients = tf.tidy(() =>
      encodeBack(encoder, weights, input, masks, pass, {
        attention: this.attentionOf(of('attention')),
        pooled: bags.upload(of('pooled'), encoder.hidden),
        z: bags.upload(of('dPooled'), encoder.hidden),
        heads: rows.upload(of('dHeads'), this.headColumns),
      }),
    );
    await addGradients(
      encoder.layout,
      gradients,
      given.map((own) => own?.gradient ?? null),
    );
  }

  dispose(): void {
    for (const held of this.held.splice(0)) held.dispose();
    this.given = null;
  }

  private get headColumns(): number {
    return 2 * headClasses(this.encoder).length;
  }

  private forwarded(): Exclude<typeof this.given, null> {
    if (this.given === null) throw new Error('The forward pass comes first');
    return this.given;
  }

  private uploadRows(): Instances {
    const [only, ...others] = this.members.map(({ pack }) => pack);
    if (only !== undefined && others.length === 0) return this.hold(new InputRows(only));
    const rows = this.upload((pack) => pack.rows, this.encoder.width);
    return {
      times: (w) => tf.matMul(rows, w),
      transposedTimes: (d) => tf.matMul(rows, d, true),
    };
  }

  private uploadMasks(): MaskTensors {
    const upload = (name: keyof EncoderMasks, columns: number): tf.Tensor | null =>
      this.members.every(({ masks }) => masks?.[name])
        ? this.upload((_, masks) => masks?.[name] ?? nothing, columns)
        : null;
    const { hidden, attention } = this.encoder;
    return {
      embed: upload('embed', hidden),
      tanh: upload('tanh', attention),
      sigmoid: upload('sigmoid', attention),
    };
  }

  private upload(of: (pack: PackedBags, masks: EncoderMasks | null) => RowArray, columns: number): tf.Tensor {
    const arrays = this.members.map(({ pack, masks }) => of(pack, masks));
    return this.hold(this.rows.upload(arrays, columns));
  }

  /**
   * The weights as tensors. For several members the matrices are stacked as [F, inputs, outputs] and the biases as [F, 1,
   * outputs].
   */
  private stackWeights(): Weights {
    const [only, ...others] = this.members.map(({ weights }) => weights);
    if (only !== undefined && others.length === 0) return (name) => only.get(name);
    const stacked = new Map(
      this.encoder.layout.entries.map(({ name, shape }) => {
        const all = tf.tidy(() => {
          const arrays = tf.stack(this.members.map(({ weights }) => weights.get(name)));
          return shape.length === 1 ? tf.expandDims(arrays, 1) : arrays;
        });
        return [name, this.hold(all)];
      }),
    );
    return (name) => stacked.get(name) as tf.Tensor;
  }

  /**
   * Attention as block matrices [P, R]: row i holds the attention of bag i and zeros. With them pooling is one product,
   * and its gradient is another.
   */
  private attentionOf(attentions: readonly (Float32Array | null)[]): tf.Tensor {
    const { longest } = this.rows;
    return this.bags.upload(
      this.members.map(({ pack }, i) => attentionMatrix(attentions[i] ?? nothing, pack, longest)),
      longest,
    );
  }

  private hold<T extends { dispose(): void }>(what: T): T {
    this.held.push(what);
    return what;
  }
}

function attentionMatrix(
  attention: Float32Array,
  { offsets, targets }: PackedBags,
  columns: number,
): Float32Array {
  const matrix = new Float32Array(targets.length * columns);
  targets.forEach((_, bag) => {
    const [from, to] = [offsets[bag] as number, offsets[bag + 1] as number];
    matrix.set(attention.subarray(from, to), bag * columns + from);
  });
  return matrix;
}
