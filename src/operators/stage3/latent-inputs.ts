import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Inputs } from '../../pipeline/stage.js';
import { latentFile } from '../stage2/alignment-data.js';
import type { ModalityInput } from '../stage2/modality-inputs.js';
import { latentInputs } from '../stage2/latent-inputs.js';
import { readSafetensors } from '../tensor/safetensors.js';

/** The aligned vectors u of Stage 2, frozen, as inputs of the fusion network; `chosen` in the order of the experiment. */
export function readLatentInputs(
  inputs: Inputs,
  chosen: readonly ModalityId[],
): readonly ModalityInput[] {
  const { u, mask } = readSafetensors(inputs.one('stage2').bytes(latentFile));
  const width = u?.shape[2];
  if (!(u?.data instanceof Float32Array) || !(mask?.data instanceof Uint8Array) || width === undefined)
    throw new Error(`The stage2 artifact holds no latent vectors u with a mask`);
  if (u.shape[1] !== chosen.length)
    throw new Error(`The stage2 artifact has ${u.shape[1] ?? 0} modalities, the method ${chosen.length}`);
  return latentInputs({ u: u.data, mask: mask.data, width }, chosen);
}
