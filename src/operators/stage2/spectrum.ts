import type { SpectrumMeans } from './alignment-data.js';
import { patientSvd } from './patient-svd.js';

/**
 * Means, over some patients, of the singular values of a patient's modality vectors (method.md 9.3).
 *
 * @param u latent vectors of all patients, [n, M, D]
 * @param mask [n, M], 1 if the patient has a vector of the modality
 */
export function spectrumMeans(
  u: Float32Array,
  mask: Uint8Array,
  modalities: number,
  patients: readonly number[],
): SpectrumMeans {
  const width = u.length / mask.length;
  const stride = modalities * width;
  const totals = new Float64Array(Math.min(modalities, width));
  let complete = 0;
  let shares = 0;
  let several = 0;
  for (const patient of patients) {
    const observed = Array.from({ length: modalities }, (_, m) => m).filter(
      (m) => mask[patient * modalities + m] === 1,
    );
    if (observed.length < 2) continue;
    const vectors = u.subarray(patient * stride, (patient + 1) * stride);
    const { sigma } = patientSvd(vectors, observed, width, true, 'sum');
    const energy = sigma.reduce((sum, value) => sum + value * value, 0);
    if (energy > 0) {
      shares += (sigma[0] as number) ** 2 / energy;
      several++;
    }
    if (observed.length < modalities) continue;
    complete++;
    sigma.forEach((value, j) => (totals[j] = (totals[j] as number) + value));
  }
  return {
    complete,
    sigma: complete === 0 ? null : Array.from(totals, (total) => total / complete),
    leadingShare: several === 0 ? null : shares / several,
  };
}
