import type { Config } from '../../pipeline/config/schema.js';
import type { Alignment } from '../../pipeline/core/alignment.js';
import type { Slot } from '../../pipeline/core/modality.js';
import { anchorOf } from '../methods/method.js';
import type { ParameterSpec } from '../tensor/parameters.js';
import { alignmentLoss, type AlignmentGroup, type AlignmentOptions } from './alignment.js';
import { clipLoss } from './clip-loss.js';
import { signedAlignmentLoss, type SignedOptions } from './signed-alignment.js';

export interface ObjectiveLoss {
  /** The loss, multiplied by the weight of the alignment (`align.weight`). */
  readonly total: number;
  /** The parts of the loss by name, for the training history. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Gradient of `total` with respect to u, [B, M, D]. Zeros for absent modalities. */
  readonly gradient: Float64Array;
  /** Gradient of `total` with respect to the objective's own parameters, in the order of its specs. */
  readonly ownGradient: Float64Array;
}

/** The loss that trains phi, computed over the patients of a group: that of `svd`, `clip` or `signed`. */
export interface AlignmentObjective {
  /** Parameters that the objective learns besides those of phi. */
  readonly specs: readonly ParameterSpec[];
  /** @param own values of the parameters in `specs`, in the order of `specs` */
  readonly lossOf: (group: AlignmentGroup, own: Float32Array) => ObjectiveLoss;
  /**
   * Whether the vectors of a modality have a gradient in a group in which each patient occurs once.
   *
   * @param mask [B, M], 1 where observed
   */
  readonly reaches: (mask: Uint8Array, modalities: number, modality: number) => boolean;
}

/**
 * The objective of `svd`: the losses of singular values and of patient discrimination (eq. 5-7 of the paper, method.md
 * 5.2). It has no parameters of its own.
 */
export const svdObjective = (align: AlignmentOptions): AlignmentObjective => ({
  specs: [],
  lossOf: (group) => {
    const { total, sv, pd, degenerate, gradient } = alignmentLoss(group, align);
    const patients = group.mask.length / group.modalities;
    return {
      total,
      metrics: { sv, pd, degenerate: degenerate / patients },
      gradient,
      ownGradient: new Float64Array(),
    };
  },
  reaches: reachesByPatients(align),
});

/**
 * The objective of `signed`: the losses of pairwise cosines and of patient discrimination by mean directions (method.md
 * 12.5). It has no parameters of its own.
 */
export const signedObjective = (options: SignedOptions): AlignmentObjective => ({
  specs: [],
  lossOf: (group) => {
    const { total, cosine, pd, gradient } = signedAlignmentLoss(group, options);
    return { total, metrics: { cosine, pd }, gradient, ownGradient: new Float64Array() };
  },
  reaches: reachesByPatients(options),
});

/**
 * If a patient has only one modality, its unit vector is the direction of the patient. Only the comparison with other
 * patients then gives a gradient to the vector.
 */
function reachesByPatients({
  lambdaPD,
  weight,
}: Pick<SignedOptions, 'lambdaPD' | 'weight'>): AlignmentObjective['reaches'] {
  return (mask, modalities, modality) => {
    const having = rowsWith(mask, modalities, modality);
    const pushed = lambdaPD > 0 && mask.length > modalities;
    const beside = (row: Uint8Array): boolean => row.some((seen, m) => seen === 1 && m !== modality);
    return weight > 0 && having.some((row) => pushed || beside(row));
  };
}

/**
 * The objective of `clip`: contrasts each modality with the anchor, which is one of the modalities (method.md 8.2). It
 * learns one number, the logarithm of the scale of the cosines, starting at `log(1 / temperature)`.
 *
 * @param slots the modalities of u, in the order of u
 * @throws Error if the anchor is not among the slots, because methods with this alignment need it
 */
export function clipObjective(
  align: Pick<Config['align'], 'weight'>,
  clip: Config['clip'],
  slots: readonly Slot[],
): AlignmentObjective {
  const anchorId = anchorOf(slots, clip.anchor);
  const anchor = slots.findIndex(({ id }) => id === anchorId);
  if (anchor < 0) throw new Error('CLIP alignment has no anchor among the modalities it aligns');
  return {
    specs: [{ name: 'clip.logScale', shape: [1], fanIn: 1, start: Math.log(1 / clip.temperature) }],
    lossOf: (group, own) => {
      const { loss, scale, gradient, scaleGradient } = clipLoss(group, anchor, own[0] ?? 0, clip);
      return {
        total: align.weight * loss,
        metrics: { clip: loss, scale },
        gradient: gradient.map((value) => align.weight * value),
        ownGradient: Float64Array.of(align.weight * scaleGradient),
      };
    },
    reaches: (mask, count, modality) => {
      // The anchor has a gradient if any modality that is contrasted with it has one.
      const compared = slots.map((_, m) => m).filter((m) => m !== anchor || clip.includeSelf);
      const pairs = (modality === anchor ? compared : [modality]).map(
        (m) => rowsWith(mask, count, m).filter((row) => row[anchor] === 1).length,
      );
      return align.weight > 0 && pairs.some((patients) => patients >= 2);
    },
  };
}

const rowsWith = (mask: Uint8Array, modalities: number, modality: number): readonly Uint8Array[] =>
  Array.from({ length: mask.length / modalities }, (_, i) =>
    mask.subarray(i * modalities, (i + 1) * modalities),
  ).filter((row) => row[modality] === 1);

/** One candidate for the settings of the signed alignment. Validation chooses one of the candidates. */
export type SignedCandidate = Pick<SignedOptions, 'lambdaPD' | 'tau'>;

/** All combinations of the values of `lambdaPD` and `tau` that `signed` lists, in the order of the lists. */
export const signedCandidates = ({ lambdaPD, tau }: Config['signed']): readonly SignedCandidate[] =>
  lambdaPD.flatMap((lambda) => tau.map((own) => ({ lambdaPD: lambda, tau: own })));

/**
 * The objectives that validation chooses from: several for `signed`, one for any other alignment. The function reads
 * only the config keys that this alignment needs.
 */
export function objectivesOf(
  alignment: Alignment,
  config: Pick<Config, 'align' | 'clip' | 'signed'>,
  slots: readonly Slot[],
): readonly AlignmentObjective[] {
  switch (alignment) {
    case 'svd':
      return [svdObjective(config.align)];
    case 'clip':
      return [clipObjective(config.align, config.clip, slots)];
    case 'signed': {
      const { weight } = config.align;
      return signedCandidates(config.signed).map((candidate) => signedObjective({ ...candidate, weight }));
    }
  }
}
