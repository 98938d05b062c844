import type { Modality } from '../../pipeline/core/modality.js';
import type { StageContext } from '../../pipeline/stage.js';
import { latentFile } from '../stage2/alignment-data.js';
import type { ModalityInput } from '../stage2/modality-inputs.js';
import { collect } from '../stage2/projection.js';
import { readSafetensors } from '../tensor/safetensors.js';

/** The aligned vectors u of Stage 2, frozen, as inputs of the fusion network; `chosen` in the order of the experiment. */
export function readLatentInputs(
  { inputs }: Pick<StageContext, 'inputs'>,
  chosen: readonly Modality[],
): readonly ModalityInput[] {
  const { u, mask } = readSafetensors(inputs.one('stage2').bytes(latentFile));
  const width = u?.shape[2];
  if (!(u?.data instanceof Float32Array) || !(mask?.data instanceof Uint8Array) || width === undefined)
    throw new Error(`The stage2 artifact holds no latent vectors u with a mask`);
  if (u.shape[1] !== chosen.length)
    throw new Error(`The stage2 artifact has ${u.shape[1] ?? 0} modalities, the method ${chosen.length}`);
  const [values, observed] = [u.data, mask.data];
  return chosen.map((modality, m) => ({
    modality,
    width,
    values: collect(values, m, chosen.length, width),
    observed: observed.filter((_, slot) => slot % chosen.length === m),
  }));
}
