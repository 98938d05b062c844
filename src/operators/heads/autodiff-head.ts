import * as tf from '@tensorflow/tfjs-core';
import type { Rng } from '../../pipeline/core/rng.js';
import { outputLayerOf, outputRows } from '../criteria/output-rows.js';
import { gatherMask, gatherRows, type ModalityInput } from '../embeddings/modality-inputs.js';
import { gradientsThrough, type NamedTensor } from '../tensor/autodiff.js';
import { dense } from '../tensor/dense.js';
import { fillDropout } from '../tensor/dropout.js';
import {
  flatGradient,
  layoutOf,
  ParameterTensors,
  type OutputLayer,
  type ParameterLayout,
  type ParameterSpec,
} from '../tensor/parameters.js';
import { mapName, mapSpecs } from './fusion-net.js';
import type { Head, HeadGroup, HeadModule, HeadOptions, HeadStep, InputShape } from './head.js';
import { dropModalities } from './modality-drop.js';
import { monotonicOf, type MonotonicOptions } from './monotonic-loss.js';
import { networkLoss, type NetworkLoss } from './network-loss.js';
import { inBatches, type Outputs } from './outputs.js';

/**
 * A head whose gradients come from automatic differentiation. The author of a method writes one `Network`: the arrays
 * it learns and a forward pass in tensors. `autodiffHead` makes a head of it and adds the rest: the linear maps P in
 * front, masks, random drop, dropout masks, the loss and its gradients.
 */
export interface Network {
  /** The arrays that the network learns, without the linear maps P. Each must take part in `forward`. */
  readonly specs: readonly ParameterSpec[];
  /** Dropout of the network. In training `forward` gets a dropout mask of this width. */
  readonly dropout?: { readonly width: number; readonly rate: number };
  /**
   * The outputs of R patients. Runs inside `tf.tidy`. The result must not depend on the content of an absent modality.
   */
  readonly forward: (pass: NetworkPass) => NetworkOutputs;
}

/** The sizes that a network is made for. */
export interface NetworkShape {
  readonly inputs: readonly InputShape[];
  /** Length of the token of each modality: of the output of P, or of the vector itself if there is no P. */
  readonly tokens: readonly number[];
  /** L outputs per patient, and their initial biases. */
  readonly output: OutputLayer;
  readonly config: HeadOptions['config'];
  /** Random stream for layers that are drawn at random and never trained. */
  readonly frozen: () => Rng;
}

/** The inputs of a network for R patients. */
export interface NetworkPass {
  readonly weights: Pick<ParameterTensors, 'matrix' | 'vector'>;
  /** One embedding per modality, [R, tokens[m]]. Zero if the modality is absent or dropped. */
  readonly tokens: readonly tf.Tensor2D[];
  /**
   * `observed` [R, M] is 1 if a modality of a patient may be read, else 0. `open` holds the columns of `observed`, [R,
   * 1] each.
   */
  readonly observed: tf.Tensor2D;
  readonly open: readonly tf.Tensor2D[];
  /** Inverted-dropout mask [R, width]. Null in evaluation. */
  readonly dropout: tf.Tensor2D | null;
}

export interface NetworkOutputs {
  /** The L outputs of each of R patients, [R, L]. */
  readonly logits: tf.Tensor2D;
  /**
   * A prediction from each modality alone, [R, M L], modality after modality. The mean loss of these predictions is
   * added to the loss (method.md 8.5).
   */
  readonly each?: tf.Tensor2D;
}

/** A head module for the network of a method. */
export const autodiffHead = (networkOf: (shape: NetworkShape) => Network): HeadModule => ({
  create: (options) => {
    const { inputs, projected, config, rng } = options;
    const tokens = inputs.map(({ width }, m) => projected[m] ?? width);
    const output = outputLayerOf(options.criterion, config.fusion.logits);
    const network = networkOf({ inputs, tokens, output, config, frozen: () => rng('frozen') });
    return new AutodiffHead(network, output.outputs, options);
  },
});

type NetworkTensors = Omit<NetworkPass, 'weights'>;

class AutodiffHead implements Head {
  readonly layout: ParameterLayout;
  private readonly monotonic: MonotonicOptions;
  private readonly drop: Rng | null;
  private readonly dropout: Rng | null;

  constructor(
    private readonly network: Network,
    private readonly count: number,
    private readonly options: Pick<
      HeadOptions,
      'inputs' | 'projected' | 'randomDrop' | 'criterion' | 'config' | 'rng'
    >,
  ) {
    const { inputs, projected, randomDrop, config, rng } = options;
    this.layout = layoutOf([...mapSpecs(inputs, projected), ...network.specs]);
    this.monotonic = monotonicOf(config.fusion, randomDrop);
    this.drop = randomDrop ? rng('drop') : null;
    this.dropout = network.dropout === undefined ? null : rng('dropout');
  }

  async step(
    parameters: Float32Array,
    { inputs, patients, targets }: HeadGroup,
    inputGradients: boolean,
  ): Promise<HeadStep> {
    const full = gatherMask(inputs, patients);
    const left = this.drop === null ? null : dropModalities(full, inputs.length, this.drop);
    const masks = left === null ? [full] : [full, left];
    const dropout = this.dropoutMask(masks.length * patients.length);
    const weights = new ParameterTensors(this.layout, parameters);
    const judge = (outputs: ArrayLike<number>, predictions: number): NetworkLoss =>
      networkLoss(
        outputs,
        { masks, targets, predictions, outputs: this.count, criterion: this.options.criterion },
        this.monotonic,
      );

    let found: NetworkLoss | null = null;
    const vectors = this.vectorsOf(inputs, patients);
    const run = (): tf.Tensor2D => {
      const tensors = this.tensorsOf(weights, vectors, masks, dropout);
      const { logits, each } = this.network.forward({ ...tensors, weights });
      return each === undefined ? logits : tf.concat2d([logits, each], 1);
    };
    const { entries } = this.layout;
    const read = inputGradients ? vectors : [];
    const learned: readonly NamedTensor[] = [
      ...weights.all().map((tensor, i) => [(entries[i] as ParameterSpec).name, tensor] as const),
      ...read.map(
        (tensor, m) => [`the vectors of ${(inputs[m] as ModalityInput).modality}`, tensor] as const,
      ),
    ];
    // The loss reads only a few numbers per patient. So it is computed in float64 in JavaScript and not on the backend,
    // as in the heads with hand-written gradients.
    const gradients = await gradientsThrough(run, learned, (values) => {
      found = judge(values, values.length / (masks.length * patients.length * this.count));
      return found.dOutputs;
    });
    tf.dispose(vectors);
    weights.dispose();
    const own = Object.fromEntries(entries.map(({ name }, i) => [name, gradients[i] as tf.Tensor]));
    const gradient = await flatGradient(this.layout, own);
    const ofInputs = gradients.slice(entries.length);
    const values = await Promise.all(ofInputs.map((tensor) => tensor.data<'float32'>()));
    tf.dispose(ofInputs);
    const { loss, metrics } = found as unknown as NetworkLoss;
    return { loss, metrics, gradient, inputs: inputGradients ? values : null };
  }

  async outputs(
    parameters: Float32Array,
    { inputs, patients }: Omit<HeadGroup, 'targets'>,
    open?: Uint8Array,
  ): Promise<Outputs> {
    const weights = new ParameterTensors(this.layout, parameters);
    const rows = await inBatches(patients, inputs, open, async (group, mask) => {
      const output = tf.tidy(() => {
        const tensors = this.tensorsOf(weights, this.vectorsOf(inputs, group), [mask], null);
        return this.network.forward({ ...tensors, weights }).logits;
      });
      const values = outputRows(await output.data<'float32'>(), this.count);
      output.dispose();
      return values;
    });
    weights.dispose();
    return rows;
  }

  /** The vectors of each modality, before the linear maps P are applied, [B, d_m]. */
  private vectorsOf(inputs: readonly ModalityInput[], patients: readonly number[]): tf.Tensor2D[] {
    return inputs.map((input) => tf.tensor2d(gatherRows(input, patients), [patients.length, input.width]));
  }

  /**
   * The inputs of the network for all masks: first all patients under the first mask, then all patients under the
   * second mask.
   */
  private tensorsOf(
    weights: ParameterTensors,
    vectors: readonly tf.Tensor2D[],
    masks: readonly Uint8Array[],
    dropout: Float32Array | null,
  ): NetworkTensors {
    const modalities = vectors.length;
    const joined = Uint8Array.from(masks.flatMap((mask) => [...mask]));
    const rows = joined.length / modalities;
    const open = vectors.map((_, m) =>
      tf.tensor2d(
        Float32Array.from({ length: rows }, (_, row) => joined[row * modalities + m] as number),
        [rows, 1],
      ),
    );
    const tokens = vectors.map((x, m) => {
      const token = this.mapped(weights, x, m);
      const repeated =
        masks.length === 1
          ? token
          : tf.concat2d(
              masks.map(() => token),
              0,
            );
      return tf.mul<tf.Tensor2D>(repeated, open[m] as tf.Tensor2D);
    });
    const width = this.network.dropout?.width ?? 0;
    return {
      tokens,
      open,
      observed: tf.tensor2d(Float32Array.from(joined), [rows, modalities]),
      dropout: dropout === null ? null : tf.tensor2d(dropout, [rows, width]),
    };
  }

  private mapped(weights: ParameterTensors, x: tf.Tensor2D, m: number): tf.Tensor2D {
    const { inputs, projected } = this.options;
    if ((projected[m] ?? null) === null) return x;
    const name = mapName((inputs[m] as InputShape).modality);
    return dense(x, weights.matrix(`${name}.weight`), weights.vector(`${name}.bias`));
  }

  private dropoutMask(rows: number): Float32Array | null {
    const { dropout } = this.network;
    return dropout === undefined || this.dropout === null
      ? null
      : fillDropout(new Float32Array(rows * dropout.width), dropout.rate, this.dropout);
  }
}
