import type { FoldPatients } from '../tensor/fold-patients.js';
import type { History } from '../tensor/history-data.js';
import { writeSafetensors } from '../tensor/safetensors.js';
import { latentFile, spectrumFile, type Spectrum } from './alignment-data.js';
import type { Latents } from './latent-inputs.js';
import { gatherMask } from '../embeddings/modality-inputs.js';
import { project, type Projection } from './projection.js';
import { spectrumMeans } from './spectrum.js';

/** The latent vectors of every patient, and the files that contain them. */
export interface LatentExport {
  /** The latent vectors under the trained phi. */
  readonly latents: Latents;
  readonly files: Readonly<Record<string, Uint8Array | object>>;
  /**
   * Mean share of the largest singular value (`leadingShare` in alignment-data.ts) of the validation patients after
   * training.
   */
  readonly leadingShare: number | null;
}

/**
 * Projects every patient by the initial and by the current phi, and compares the two sets of vectors (method.md 7.1,
 * 9.3).
 *
 * @param phi values of the projection's parameters
 */
export async function exportLatents(
  projection: Projection,
  phi: { readonly before: Float32Array; readonly after: Float32Array },
  fold: FoldPatients,
): Promise<LatentExport> {
  const { inputs, width } = projection;
  const everyone = Array.from(inputs[0]?.observed ?? [], (_, patient) => patient);
  const mask = gatherMask(inputs, everyone);
  const before = await latentVectors(projection, phi.before, everyone, mask);
  const u = await latentVectors(projection, phi.after, everyone, mask);
  const shape = [everyone.length, inputs.length, width];
  const spectrum = spectrumOf(projection, fold, mask, before, u);
  return {
    latents: { u, mask, width },
    files: {
      [latentFile]: writeSafetensors({
        u: { shape, data: u },
        before: { shape, data: before },
        mask: { shape: shape.slice(0, 2), data: mask },
      }),
      [spectrumFile]: spectrum,
    },
    leadingShare: spectrum.val.after.leadingShare,
  };
}

/** Share of the largest singular value above which the vectors of a patient's modalities are nearly identical. */
const collapsedShare = 0.95;

/**
 * Warnings for the reader of the results of a method with alignment, if early stopping ended the alignment almost at
 * once, or if the alignment nearly collapsed the vectors of a patient into one direction.
 */
export function alignmentWarnings(
  leadingShare: number | null,
  { bestEpoch }: Pick<History, 'bestEpoch'>,
): readonly string[] {
  return [
    ...(bestEpoch <= 1 ? ['Early stopping kept the first epoch: the vectors are hardly aligned.'] : []),
    ...(leadingShare !== null && leadingShare > collapsedShare
      ? [
          `One direction carries more than ${collapsedShare * 100} % of the modality vectors of a patient: ` +
            'alignment has nearly collapsed them into one.',
        ]
      : []),
  ];
}

/** Number of patients projected at once when a whole cohort is exported. */
const exportBatch = 512;

/** The vectors u of patients, [patients, modalities, width], with zeros for absent modalities. */
export async function latentVectors(
  projection: Projection,
  parameters: Float32Array,
  patients: readonly number[],
  mask: Uint8Array,
): Promise<Float32Array> {
  const { width } = projection;
  const u = new Float32Array(mask.length * width);
  const stride = projection.inputs.length * width;
  for (let from = 0; from < patients.length; from += exportBatch) {
    const batch = patients.slice(from, from + exportBatch);
    // A single patient is duplicated: in a batch of one, products are summed in another order and differ in the last digits.
    const group = batch.length === 1 ? [...batch, ...batch] : batch;
    const rows = await project(projection, parameters, group);
    u.set(rows.subarray(0, batch.length * stride), from * stride);
  }
  mask.forEach((observed, slot) => {
    if (observed === 0) u.fill(0, slot * width, (slot + 1) * width);
  });
  return u;
}

function spectrumOf(
  { inputs }: Projection,
  fold: FoldPatients,
  mask: Uint8Array,
  before: Float32Array,
  after: Float32Array,
): Spectrum {
  const changeOf = (patients: readonly number[]): Spectrum['train'] => ({
    before: spectrumMeans(before, mask, inputs.length, patients),
    after: spectrumMeans(after, mask, inputs.length, patients),
  });
  return {
    modalities: inputs.map(({ modality }) => modality),
    train: changeOf(fold.train),
    val: changeOf(fold.val),
    test: changeOf(fold.test),
  };
}
