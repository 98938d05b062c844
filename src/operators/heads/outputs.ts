import { gatherMask, type ModalityInput } from '../embeddings/modality-inputs.js';

/** Number of patients scored at once outside of training. */
const scoreBatch = 512;

/**
 * Outputs of patients, computed batch by batch, in order.
 *
 * @param open [B, M], 1 if a modality may be read. Without `open`, every modality that a patient has is read. Absent
 * modalities are never read
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

/**
 * Batch sizes must be multiples of this number. Otherwise onnxruntime may sum the numbers of the last rows in another
 * order, which changes their last digits.
 */
const rowsTogether = 16;

/**
 * Outputs that do not depend on which other patients are scored: the batch is filled up with copies of its first
 * patient, and the outputs of these copies are dropped. Without the copies, the outputs of the last rows of a batch
 * differ in their last digits (`rowsTogether`).
 *
 * @param outputsOf computes the outputs of a group of B patients; its second argument is their mask [B, M]
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
