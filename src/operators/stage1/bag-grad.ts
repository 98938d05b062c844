import { attentionOf } from './attention.js';
import { classifyBags } from './bag-classifier.js';
import type { EncoderPasses } from './encoder-passes.js';
import type { BagEncoder } from './bag-encoder.js';
import { headClasses, instanceLoss } from './instance-loss.js';
import type { EncoderMasks, PackedBags } from './packed-bags.js';
import { transferBack, transferred } from './transfer.js';

/** Results of the encoder for the P bags of a pack. */
export interface BagResult {
  /** Modality embeddings, [P, embedding]. */
  readonly z: Float32Array;
  /** Logits of the bag classifier, [P, outputs]. */
  readonly logits: Float32Array;
  /** Raw attention scores of all R rows of the pack, [R]. */
  readonly scores: Float32Array;
  /** Loss of the classifier and instance loss of each bag, before they are multiplied by the weights wBag and wInst. */
  readonly bagLosses: readonly number[];
  readonly instanceLosses: readonly number[];
}

/**
 * Forward pass of the encoder over a pack of bags and, when `gradient` is given, the hand-derived backward pass: the
 * gradient of `sum over bags of wBag * L_bag + wInst * L_inst` (eq. 1-3 of the paper, method.md 4) is added to
 * `gradient`. If `dz` is given, the gradient of the inner product of `dz` and z is added, too. In this way the loss of
 * a later stage trains the encoder (method.md 7).
 *
 * `passes` computes the matrix products over all R rows of the pack, which take most of the time. Softmax, ranking,
 * classifier and losses need only a few numbers per row or bag. They are computed here, in float64.
 *
 * @param masks dropout of a training pass; null in evaluation
 * @param gradient flat, in the encoder's layout; null for the forward pass alone
 * @param dz [P, embedding], gradient of a later stage's loss with respect to z; null if there is none
 */
export async function bagGrad(
  encoder: BagEncoder,
  passes: EncoderPasses,
  pack: PackedBags,
  masks: EncoderMasks | null,
  gradient: Float32Array | null,
  dz: Float32Array | null = null,
): Promise<BagResult> {
  const { parameters } = passes;
  const pass = await passes.forward(pack, masks);
  try {
    const { scores, heads } = pass;
    const attention = attentionOf(scores, pack);
    const pooled = await pass.pool(attention);
    const z = transferred(encoder, parameters, pooled);

    const { logits, losses, dz: upstreamOfZ } = classifyBags(encoder, parameters, z, pack.targets, gradient);
    dz?.forEach((value, i) => (upstreamOfZ[i] = (upstreamOfZ[i] as number) + value));
    const dHeads = gradient === null ? null : new Float32Array(heads.length);
    const instanceLosses = instanceLossesOf(encoder, pack, scores, heads, dHeads);
    if (gradient !== null && dHeads !== null) {
      const dPooled = transferBack(encoder, parameters, pooled, upstreamOfZ, gradient);
      await pass.backward({ attention, pooled, dPooled, dHeads }, gradient);
    }
    return { z, logits, scores: scores.slice(), bagLosses: losses, instanceLosses };
  } finally {
    pass.dispose();
  }
}

function instanceLossesOf(
  encoder: BagEncoder,
  { offsets, targets }: PackedBags,
  scores: Float32Array,
  heads: Float32Array,
  gradient: Float32Array | null,
): readonly number[] {
  if (encoder.wInst === 0) return targets.map(() => 0);
  const perRow = 2 * headClasses(encoder).length;
  return targets.map((target, bag) => {
    const y = encoder.criterion.classOf(target);
    if (y === null) return 0;
    const [from, to] = [offsets[bag] as number, offsets[bag + 1] as number];
    const part = (values: Float32Array): Float32Array => values.subarray(from * perRow, to * perRow);
    const into = gradient === null ? null : part(gradient);
    return instanceLoss(scores.subarray(from, to), part(heads), y, encoder, into, encoder.wInst);
  });
}
