import type { Config } from '../../pipeline/config/schema.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { StageContext } from '../../pipeline/stage.js';
import type { Criterion } from '../criteria/criterion.js';
import { outputLayerOf } from '../criteria/output-rows.js';
import { fusionNetOf } from '../heads/fusion-net.js';
import type { Head, InputShape } from '../heads/head.js';
import { MlpHead } from '../heads/mlp.js';
import type { FusionMethod, SingleTableMethod } from '../methods/method.js';
import { frozenTransfer } from '../stage2/frozen-transfer.js';
import { readModalityInputs, type ModalityInput } from '../embeddings/modality-inputs.js';
import { memberStreams } from '../tensor/train-members.js';
import { readLatentInputs } from '../stage2/latent-inputs.js';

/**
 * The heads of a method, and the vectors that they read. A method has one head, or with `fusion.ensemble` several heads
 * with different seeds.
 */
export interface MethodHeads {
  readonly members: readonly Head[];
  readonly inputs: readonly ModalityInput[];
}

/** The heads of a method that are trained on frozen embeddings, and these embeddings. */
export async function headsOf(
  context: StageContext,
  criterion: Criterion,
  method: FusionMethod | SingleTableMethod,
): Promise<MethodHeads> {
  const { config, inputs: read } = context;
  if (method.kind === 'fusion' && method.embedding !== 'projected') {
    const inputs = readLatentInputs(read, config.modalities);
    return { inputs, members: await headsOver(context, criterion, method, inputs) };
  }
  const chosen = chosenOf(method, config);
  const own =
    chosen === 'bags'
      ? readModalityInputs(read).filter(({ kind }) => kind === 'bag')
      : readModalityInputs(read, chosen);
  const inputs = transferredTables(context, method, own);
  return { inputs, members: await headsOver(context, criterion, method, inputs) };
}

/** The heads of a method for vectors of the given shapes. */
export async function headsOver(
  { config, rng }: Pick<StageContext, 'config' | 'rng'>,
  criterion: Criterion,
  method: FusionMethod | SingleTableMethod,
  inputs: readonly InputShape[],
): Promise<readonly Head[]> {
  if (method.kind === 'single') return [singleTableHead(config.single, criterion, inputs, rng)];
  return Promise.all(
    Array.from({ length: config.fusion.ensemble }, (_, member) =>
      fusionHead({ config, rng: memberStreams(rng, member) }, criterion, method, inputs),
    ),
  );
}

/**
 * The modalities that a method reads, in order: all modalities of the experiment, or those that the method names.
 * `bags` means all bags among the inputs of the job.
 */
export const chosenOf = (
  { reads }: FusionMethod | SingleTableMethod,
  config: Pick<Config, 'modalities'>,
): readonly ModalityId[] | 'bags' => (reads === 'all' ? config.modalities : reads);

/**
 * The inputs of a method. If the experiment has frozen maps of tables, the table vectors are the results of these maps
 * (method.md 4.4).
 */
export const transferredTables = (
  { config, rng }: Pick<StageContext, 'config' | 'rng'>,
  method: FusionMethod | SingleTableMethod,
  inputs: readonly ModalityInput[],
): readonly ModalityInput[] =>
  config.tabular.transfer === 'none' || readsRawTables(config, method)
    ? inputs
    : frozenTransfer(inputs, config.align.width, rng('transfer'));

/**
 * Whether the table vectors enter the head of this method without a map, even if the experiment has frozen maps
 * (method.md 8.5).
 */
const readsRawTables = (config: Pick<Config, 'mdlm'>, method: FusionMethod | SingleTableMethod): boolean =>
  method.kind === 'fusion' && method.section === 'mdlm' && config.mdlm.combine === 'frozenConcat';

/** The head of a fusion method for vectors of the given shapes. */
export async function fusionHead(
  { config, rng }: Pick<StageContext, 'config' | 'rng'>,
  criterion: Criterion,
  method: FusionMethod,
  inputs: readonly InputShape[],
): Promise<Head> {
  const module = await method.head();
  const projected = inputs.map(({ kind }) => mapWidth(config, method, kind));
  return module.create({ inputs, projected, randomDrop: method.randomDrop, criterion, config, rng });
}

/**
 * Width of the linear map P of a modality in a method without alignment. Null if its vectors enter the head without a
 * map, or if another map already gave them the common width (method.md 4.4).
 */
function mapWidth(
  config: Pick<Config, 'fusion' | 'mil' | 'tabular' | 'mdlm'>,
  method: FusionMethod,
  kind: InputShape['kind'],
): number | null {
  if (method.embedding !== 'projected') return null;
  const enters =
    kind === 'bag'
      ? config.mil.transfer !== 'none'
      : config.tabular.transfer !== 'none' || readsRawTables(config, method);
  return enters ? null : config.fusion.projection;
}

function singleTableHead(
  single: Config['single'],
  criterion: Criterion,
  inputs: readonly InputShape[],
  rng: StageContext['rng'],
): Head {
  const projected = inputs.map(() => null);
  const output = outputLayerOf(criterion, single.logits);
  const net = fusionNetOf({ ...single, inputs, projected, output });
  return new MlpHead(net, {
    drop: null,
    dropout: single.dropout > 0 ? rng('dropout') : null,
    lambdaMoFe: 0,
    mofeStopGradReduced: false,
    criterion,
  });
}
