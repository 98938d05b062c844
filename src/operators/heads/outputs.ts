import { gatherMask, type ModalityInput } from '../embeddings/modality-inputs.js';

/** Patients scored at once outside of training. */
const scoreBatch = 512;

/**
 * Outputs of patients, a batch at a time, in order.
 *
 * @param open [B, M], what may be read; all that a patient has when not given. What is absent stays closed
 */
export async function inBatches(
  patients: readonly number[],
  inputs: readonly ModalityInput[],
  open: Uint8Array | undefined,
  outputsOf: (group: readonly number[], mask: Uint8Array) => Promise<Outputs>,
): Promise<Outputs> {
  const rows: (readonly number[])[] = [];
  for (let from = 0; from < patients.length; from += scoreBatch) {
    const group = patients.slice(from, from + scoreBatch);
    const mask = gatherMask(inputs, group);
    if (open !== undefined)
      mask.forEach((observed, at) => (mask[at] = observed & (open[from * inputs.length + at] as number)));
    rows.push(...(await outputsOf(group, mask)));
  }
  return rows;
}

/** Outputs of a network, one row per patient. */
export type Outputs = readonly (readonly number[])[];
