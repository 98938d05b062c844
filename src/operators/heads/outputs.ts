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

/** Products of the last rows of a batch that is no multiple of this may be summed in another order. */
const rowsTogether = 16;

/**
 * Outputs that do not depend on who else is scored: the batch is filled up with its first patient, whose additional rows are dropped.
 * The products of onnxruntime give the last rows of other batches other last digits.
 *
 * @param outputsOf outputs of a group, with the mask [B, M] that belongs to it
 */
export async function inWholeBatches(
  patients: readonly number[],
  open: Uint8Array | undefined,
  outputsOf: (group: readonly number[], open: Uint8Array | undefined) => Promise<Outputs>,
): Promise<Outputs> {
  const [first] = patients;
  if (first === undefined) return [];
  const more = (rowsTogether - (patients.length % rowsTogether)) % rowsTogether;
  const filler = open?.subarray(0, open.length / patients.length);
  const wide =
    open && filler && Uint8Array.from([...open, ...Array.from({ length: more }, () => [...filler]).flat()]);
  const rows = await outputsOf([...patients, ...Array<number>(more).fill(first)], wide);
  return rows.slice(0, patients.length);
}

/** Outputs of a network, one row per patient. */
export type Outputs = readonly (readonly number[])[];
