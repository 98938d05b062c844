import type { Config } from '../../pipeline/config/schema.js';
import { isBagModality, type Modality } from '../../pipeline/core/modality.js';
import type { StageContext } from '../../pipeline/stage.js';
import { fusionNetOf } from '../heads/fusion-net.js';
import type { Head, InputShape } from '../heads/head.js';
import { MlpHead } from '../heads/mlp.js';
import { modalitiesOf, type FusionMethod, type SingleTableMethod } from '../methods/method.js';
import { readModalityInputs, type ModalityInput } from '../stage2/modality-inputs.js';
import { readLatentInputs } from './latent-inputs.js';

/** A head and the vectors it reads. */
export interface MethodHead {
  readonly head: Head;
  readonly inputs: readonly ModalityInput[];
}

/** The head of a method that is trained on frozen embeddings, and these. */
export async function headOf(
  context: StageContext,
  method: FusionMethod | SingleTableMethod,
): Promise<MethodHead> {
  const { config, modalities, rng } = context;
  const chosen = modalitiesOf(method, modalities);
  if (method.kind === 'single') {
    const inputs = readModalityInputs(context, chosen);
    return { inputs, head: singleTableHead(config.single, inputs, rng) };
  }
  const aligned = method.embedding !== 'projected';
  const inputs = aligned ? readLatentInputs(context, chosen) : readModalityInputs(context, chosen);
  return { inputs, head: await fusionHead(context, method, inputs) };
}

/** The head of a fusion method over vectors of such shapes. */
export async function fusionHead(
  { config, rng }: Pick<StageContext, 'config' | 'rng'>,
  { embedding, randomDrop, head }: FusionMethod,
  inputs: readonly InputShape[],
): Promise<Head> {
  const { create } = await head();
  const projected = inputs.map(({ modality }) =>
    embedding === 'projected' ? mapWidth(config, modality) : null,
  );
  return create({ inputs, projected, randomDrop, config, rng });
}

/**
 * Width of the linear map P of a modality in a row without alignment; null where its vectors have the common width
 * already, by a map of their own (method.md 4.4).
 */
export function mapWidth(
  { fusion, mil, tabular }: Pick<Config, 'fusion' | 'mil' | 'tabular'>,
  modality: Modality,
): number | null {
  const transferred = isBagModality(modality) ? mil.transfer !== 'none' : tabular.transfer !== 'none';
  return transferred ? null : fusion.projection;
}

function singleTableHead(
  single: Config['single'],
  inputs: readonly ModalityInput[],
  rng: StageContext['rng'],
): Head {
  const net = fusionNetOf({ ...single, inputs, projected: inputs.map(() => null) });
  return new MlpHead(net, {
    drop: null,
    dropout: single.dropout > 0 ? rng('dropout') : null,
    lambdaMoFe: 0,
    mofeStopGradReduced: false,
  });
}
