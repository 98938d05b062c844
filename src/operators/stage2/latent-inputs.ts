import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Inputs } from '../../pipeline/stage.js';
import type { ModalityInput } from '../embeddings/modality-inputs.js';
import { readSafetensors } from '../tensor/safetensors.js';
import { latentFile } from './alignment-data.js';
import { collect } from './latent-layout.js';

/** Latent vectors u [patients, modalities, width], and their mask [patients, modalities], 1 if there is a vector. */
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

/** The aligned vectors u of Stage 2, frozen, as inputs of the fusion network. `chosen` is in the order of the experiment. */
export function readLatentInputs(inputs: Inputs, chosen: readonly ModalityId[]): readonly ModalityInput[] {
  const { u, mask } = readSafetensors(inputs.one('stage2').bytes(latentFile));
  const width = u?.shape[2];
  if (!(u?.data instanceof Float32Array) || !(mask?.data instanceof Uint8Array) || width === undefined)
    throw new Error(`The stage2 artifact holds no latent vectors u with a mask`);
  if (u.shape[1] !== chosen.length)
    throw new Error(`The stage2 artifact has ${u.shape[1] ?? 0} modalities, the method ${chosen.length}`);
  return latentInputs({ u: u.data, mask: mask.data, width }, chosen);
}
