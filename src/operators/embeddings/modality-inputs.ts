import { isBagModality, type Modality } from '../../pipeline/core/modality.js';
import type { Artifact, Inputs, StageContext } from '../../pipeline/stage.js';
import { vectorsFile } from '../preprocessing/vectors-data.js';
import { embeddingsFile } from '../stage1/encoder-data.js';
import { readSafetensors, type NamedArray } from '../tensor/safetensors.js';

/** The vectors of one modality, all patients in cohort order. */
export interface ModalityInput {
  readonly modality: Modality;
  /** Length d_m of a vector. */
  readonly width: number;
  /** [n, d_m]; rows of absent patients are never read. */
  readonly values: Float32Array;
  /** 1 where the row may be read, n values. */
  readonly observed: Uint8Array;
}

/**
 * What Stage 2 and 3 start from (method.md 4.3): z of Stage 1 for a pathology modality, the preprocessed vector for a
 * table, in the order of `chosen`.
 */
export function readModalityInputs(
  { inputs }: Pick<StageContext, 'inputs'>,
  chosen: readonly Modality[],
): readonly ModalityInput[] {
  const vectors = chosen.every(isBagModality)
    ? {}
    : readSafetensors(inputs.one('preprocess').bytes(vectorsFile));
  return chosen.map((modality) => {
    if (!isBagModality(modality))
      return modalityInput(modality, vectors[modality], vectors[`${modality}.mask`]);
    const { z, observed } = readSafetensors(stage1Of(inputs, modality).bytes(embeddingsFile));
    return modalityInput(modality, z, observed);
  });
}

function stage1Of(inputs: Inputs, modality: Modality): Artifact {
  const artifact = inputs.all('stage1').find(({ unit }) => unit.modality === modality);
  if (!artifact) throw new Error(`The job was not given a stage1 artifact of ${modality}`);
  return artifact;
}

function modalityInput(
  modality: Modality,
  values: NamedArray | undefined,
  observed: NamedArray | undefined,
): ModalityInput {
  if (!(values?.data instanceof Float32Array) || !(observed?.data instanceof Uint8Array))
    throw new Error(`The inputs hold no float32 vectors with a mask for ${modality}`);
  return { modality, width: values.shape[1] ?? 0, values: values.data, observed: observed.data };
}

/** Rows of the given patients, one after the other, [patients, d_m]; rows of absent patients are zeros. */
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
