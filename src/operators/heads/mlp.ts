import type { Rng } from '../../pipeline/core/rng.js';
import type { Criterion } from '../criteria/criterion.js';
import { outputLayerOf, outputRows } from '../criteria/output-rows.js';
import { gatherMask } from '../embeddings/modality-inputs.js';
import { fillDropout } from '../tensor/dropout.js';
import type { ParameterLayout } from '../tensor/parameters.js';
import { fusionNetOf, type FusionNet } from './fusion-net.js';
import { fusionPass, type FusionGroup, type FusionPass, type FusionPasses } from './fusion-pass.js';
import type { Head, HeadGroup, HeadModule, HeadStep } from './head.js';
import { dropModalities } from './modality-drop.js';
import { fusionLoss, monotonicOf, type MonotonicOptions } from './monotonic-loss.js';
import { inBatches, type Outputs } from './outputs.js';

export interface MlpHeadOptions extends MonotonicOptions {
  /**
   * Random stream of the random modality drop. If it is given, training uses the monotonic fusion loss `L_fusion`
   * (method.md 6.3). If it is null, training uses only `l+`, the loss with all observed modalities.
   */
  readonly drop: Rng | null;
  /** Random stream of the dropout of the hidden layer. Null without dropout. */
  readonly dropout: Rng | null;
  readonly criterion: Criterion;
}

/** The fusion network and its loss (method.md 6.1, 6.3), with hand-derived gradients. */
export class MlpHead implements Head {
  readonly layout: ParameterLayout;

  constructor(
    readonly net: FusionNet,
    private readonly options: MlpHeadOptions,
    private readonly passes: FusionPasses = fusionPass,
  ) {
    this.layout = net.layout;
  }

  async step(
    parameters: Float32Array,
    { inputs, patients, targets }: HeadGroup,
    inputGradients: boolean,
  ): Promise<HeadStep> {
    const { net, options } = this;
    const modalities = inputs.length;
    const full = gatherMask(inputs, patients);
    const left = options.drop === null ? null : dropModalities(full, modalities, options.drop);
    const masks = left === null ? [full] : [full, left];
    const dropout = this.dropoutMask(masks.length * patients.length);
    const gradient = new Float32Array(net.layout.size);
    const group = { inputs, patients, masks, dropout };
    const { loss, read } = await this.withPass(parameters, group, async (pass) => {
      const rows = outputRows(pass.outputs, net.mlp.outputs);
      const found = fusionLoss(
        rows.slice(0, patients.length),
        patients.map((_, i) =>
          left !== null && isOpen(left, i, modalities) ? (rows[patients.length + i] ?? null) : null,
        ),
        targets,
        options.criterion,
        options,
      );
      const { dFull, dReduced } = found;
      const dOutputs = Float32Array.from((left === null ? dFull : [...dFull, ...dReduced]).flat());
      return { loss: found, read: await pass.backward(dOutputs, gradient, inputGradients) };
    });
    const { total, full: lossFull, reduced, mofe } = loss.terms;
    const metrics: Record<string, number> =
      left === null ? { full: lossFull } : { full: lossFull, reduced, mofe };
    return { loss: total, metrics, gradient, inputs: read };
  }

  async outputs(
    parameters: Float32Array,
    { inputs, patients }: Omit<HeadGroup, 'targets'>,
    open?: Uint8Array,
  ): Promise<Outputs> {
    const { net } = this;
    return inBatches(patients, inputs, open, (group, mask) => {
      const one = { inputs, patients: group, masks: [mask], dropout: null };
      return this.withPass(parameters, one, ({ outputs }) => outputRows(outputs, net.mlp.outputs));
    });
  }

  private async withPass<T>(
    parameters: Float32Array,
    group: FusionGroup,
    use: (pass: FusionPass) => T | Promise<T>,
  ): Promise<T> {
    const pass = await this.passes(this.net, parameters, group);
    try {
      return await use(pass);
    } finally {
      pass.dispose();
    }
  }

  private dropoutMask(rows: number): Float32Array | null {
    const { dropout } = this.options;
    return dropout === null
      ? null
      : fillDropout(new Float32Array(rows * this.net.mlp.hidden), this.net.dropout, dropout);
  }
}

const isOpen = (mask: Uint8Array, patient: number, modalities: number): boolean =>
  mask.subarray(patient * modalities, (patient + 1) * modalities).includes(1);

/** The head of HAF, and of the methods that are HAF without one of its parts. */
export const mlpHead: HeadModule = {
  create: ({ inputs, projected, randomDrop, criterion, config: { fusion }, rng }) =>
    new MlpHead(
      fusionNetOf({ ...fusion, inputs, projected, output: outputLayerOf(criterion, fusion.logits) }),
      {
        ...monotonicOf(fusion, randomDrop),
        criterion,
        drop: randomDrop ? rng('drop') : null,
        dropout: fusion.dropout > 0 ? rng('dropout') : null,
      },
    ),
};
