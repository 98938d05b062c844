import type { ModalityId } from '../../pipeline/core/modality.js';
import type { ModalityInput } from './modality-inputs.js';
import { collect } from './latent-layout.js';

/** Latent vectors u [n, M, D] with their mask [n, M]. */
export interface Latents {
  readonly u: Float32Array;
  readonly mask: Uint8Array;
  readonly width: number;
}

/** Latent vectors as inputs of a fusion network, one per modality in the order of `chosen`. */
export const latentInputs = (
  { u, mask, width }: Latents,
  chosen: readonly ModalityId[],
): readonly ModalityInput[] =>
  chosen.map((modality, m) => ({
    modality,
    kind: 'latent',
    width,
    values: collect(u, m, chosen.length, width),
    observed: mask.filter((_, slot) => slot % chosen.length === m),
  }));
