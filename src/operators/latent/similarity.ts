import { spectrumMeans } from '../stage2/spectrum.js';
import type { LatentMap } from './latent-data.js';

/** Vectors shorter than this have no direction, so the cosines leave them out. */
const leastNorm = 1e-12;

/**
 * Similarity of the latent vectors of some patients (method.md 9.3). Within a patient: the mean cosine over the pairs
 * of modalities. Between patients: the mean cosine over the pairs of patients in the same modality. Alignment should
 * raise the mean within patients much more than the mean between patients. If both means are near 1, patients can no
 * longer be distinguished.
 *
 * @param u [n, M, D] of all patients
 * @param mask [n, M]
 */
export function similarityOf(
  u: Float32Array,
  mask: Uint8Array,
  modalities: number,
  patients: readonly number[],
): LatentMap['similarity']['before'] {
  const slotsOf = (patient: number): number[] =>
    Array.from({ length: modalities }, (_, m) => patient * modalities + m);
  const acrossPatients = Array.from({ length: modalities }, (_, m) =>
    patients.map((patient) => patient * modalities + m),
  );
  return {
    withinPatient: meanCosine(u, mask, patients.map(slotsOf)),
    betweenPatients: meanCosine(u, mask, acrossPatients),
    leadingShare: spectrumMeans(u, mask, modalities, patients).leadingShare,
  };
}

/**
 * Mean cosine over all pairs of vectors that are in the same group. A group lists rows of u. Null if there is no pair.
 */
function meanCosine(
  u: Float32Array,
  mask: Uint8Array,
  groups: readonly (readonly number[])[],
): number | null {
  const width = u.length / mask.length;
  let sum = 0;
  let pairs = 0;
  for (const group of groups) {
    // The sum of the cosines of all pairs is half of (|sum of unit vectors|^2 minus the number of vectors).
    const total = new Float64Array(width);
    let count = 0;
    for (const slot of group) {
      if (mask[slot] !== 1) continue;
      const vector = u.subarray(slot * width, (slot + 1) * width);
      const norm = Math.hypot(...vector);
      if (norm < leastNorm) continue;
      vector.forEach((value, d) => (total[d] = (total[d] as number) + value / norm));
      count++;
    }
    sum += (total.reduce((squares, value) => squares + value * value, 0) - count) / 2;
    pairs += (count * (count - 1)) / 2;
  }
  return pairs === 0 ? null : sum / pairs;
}
