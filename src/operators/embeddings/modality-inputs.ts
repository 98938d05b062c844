import type { ModalityId, ModalityKind, Slot } from '../../pipeline/core/modality.js';
import type { Inputs } from '../../pipeline/stage.js';
import { modalityOf } from '../cohort/cohort-data.js';
import { vectorsFile } from '../preprocessing/vectors-data.js';
import { embeddingsFile } from '../stage1/encoder-data.js';
import { readSafetensors, type NamedArray } from '../tensor/safetensors.js';

/** The vectors of one modality, for all patients in cohort order. */
export interface ModalityInput {
  readonly modality: ModalityId;
  /** The kind of the vector. `latent` after an alignment has mapped it into the common space. */
  readonly kind: ModalityKind | 'latent';
  /** Length d_m of a vector. */
  readonly width: number;
  /** The vectors of the n patients, [n, d_m]. The rows of patients without the modality are never read. */
  readonly values: Float32Array;
  /** One value for each of the n patients: 1 if the row of the patient may be read, else 0. */
  readonly observed: Uint8Array;
}

/**
 * The inputs of Stages 2 and 3 (method.md 4.3): z of Stage 1 for a bag modality, the preprocessed vector for a table, in the order of
 * `chosen`. Without `chosen`: all inputs of the job, bags first.
 */
export function readModalityInputs(inputs: Inputs, chosen?: readonly ModalityId[]): readonly ModalityInput[] {
  const encoded = inputs.all('stage1').map((artifact) => {
    const { z, observed } = readSafetensors(artifact.bytes(embeddingsFile));
    return modalityInput(modalityOf(artifact), 'bag', z, observed);
  });
  const all = [...encoded, ...readTableInputs(inputs)];
  return (
    chosen?.map((modality) => {
      const input = all.find((one) => one.modality === modality);
      if (!input) throw new Error(`The job was given no stage1 and no preprocess artifact of ${modality}`);
      return input;
    }) ?? all
  );
}

/** The vectors of the tables among the inputs of the job. */
export const readTableInputs = (inputs: Inputs): readonly ModalityInput[] =>
  inputs.all('preprocess').map((artifact) => {
    const { values, mask } = readSafetensors(artifact.bytes(vectorsFile));
    return modalityInput(modalityOf(artifact), 'table', values, mask);
  });

function modalityInput(
  modality: ModalityId,
  kind: ModalityKind,
  values: NamedArray | undefined,
  observed: NamedArray | undefined,
): ModalityInput {
  if (!(values?.data instanceof Float32Array) || !(observed?.data instanceof Uint8Array))
    throw new Error(`The inputs hold no float32 vectors with a mask for ${modality}`);
  return { modality, kind, width: values.shape[1] ?? 0, values: values.data, observed: observed.data };
}

/**
 * The slot of each input: the modality, and whether it is a table. A bag and an aligned vector (`latent`) both count as
 * a bag.
 */
export const slotsOfInputs = (inputs: readonly Pick<ModalityInput, 'modality' | 'kind'>[]): readonly Slot[] =>
  inputs.map(({ modality, kind }) => ({ id: modality, kind: kind === 'table' ? 'table' : 'bag' }));

/** Rows of the given patients, concatenated, [patients, d_m]. Rows of absent patients are zeros. */
export function gatherRows(
  { width, values, observed }: ModalityInput,
  patients: readonly number[],
): Float32Array {
  const rows = new Float32Array(patients.length * width);
  patients.forEach((patient, i) => {
    if (observed[patient] === 1) rows.set(values.subarray(patient * width, (patient + 1) * width), i * width);
  });
  return rows;
}

/** Which of the inputs each patient has, [patients, inputs]. */
export function gatherMask(inputs: readonly ModalityInput[], patients: readonly number[]): Uint8Array {
  const mask = new Uint8Array(patients.length * inputs.length);
  patients.forEach((patient, i) =>
    inputs.forEach(({ observed }, m) => (mask[i * inputs.length + m] = observed[patient] as number)),
  );
  return mask;
}

/** Whether a patient has at least one of the inputs. */
export const hasAny = (inputs: readonly ModalityInput[], patient: number): boolean =>
  inputs.some(({ observed }) => observed[patient] === 1);
