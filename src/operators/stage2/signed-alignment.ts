import type { AlignmentGroup } from './alignment.js';
import { patientDiscrimination } from './patient-discrimination.js';
import { zeroNorm } from './patient-svd.js';
import { addRow, dotRows } from './row-arithmetic.js';

export interface SignedOptions {
  /** Weight of the patient-discrimination loss. */
  readonly lambdaPD: number;
  /** Temperature of the patient-discrimination loss. */
  readonly tau: number;
  /** Factor on the whole loss (`align.weight`). */
  readonly weight: number;
}

export interface SignedLoss {
  /** The whole loss: weight * (L_cos + lambdaPD * L_PD). */
  readonly total: number;
  /** The loss L_cos, not multiplied by `weight`. */
  readonly cosine: number;
  /** The loss L_PD, not multiplied by `weight` and `lambdaPD`. */
  readonly pd: number;
  /** Gradient of `total` with respect to u, [B, M, D]. */
  readonly gradient: Float64Array;
}

/** The unit vectors v = u/|u| of one patient (method.md 12.5). */
interface Directions {
  /** Numbers, below M, of the modalities whose vector is not zero. A zero vector has no direction. */
  readonly modalities: readonly number[];
  readonly norms: Float64Array;
  /** Unit vectors v of the k modalities in `modalities`, [k, D]. */
  readonly rows: Float64Array;
  /** Sum s of the unit vectors, and the norm of s. */
  readonly sum: Float64Array;
  readonly sumNorm: number;
}

/**
 * Loss of the signed alignment and its exact gradient (method.md 12.5), in float64. Vectors with opposite directions
 * are far apart in it, unlike in `svd`. With the unit vectors v of the k observed modalities of a patient and their sum
 * s, L_cos is the mean over patients of `1 - mean of v_m . v_n over pairs = 1 - (|s|^2 - k) / (k (k - 1))`. L_PD is
 * that of eq. 6 of the paper for the mean directions s/|s|. Vectors of length 0 have no direction and are left out, and
 * so is a sum of length 0.
 */
export function signedAlignmentLoss(
  { u, mask, modalities, width }: AlignmentGroup,
  { lambdaPD, tau, weight }: SignedOptions,
): SignedLoss {
  const count = mask.length / modalities;
  const stride = modalities * width;
  const all = Array.from({ length: count }, (_, i) => {
    const own = u.subarray(i * stride, (i + 1) * stride);
    return directionsOf(own, mask.subarray(i * modalities, (i + 1) * modalities), width);
  });
  const present = all.filter((own) => own.modalities.length > 0);
  const pointed = all.filter((own) => own.sumNorm > zeroNorm);
  const means = new Float64Array(pointed.length * width);
  pointed.forEach(({ sum, sumNorm }, i) => addRow(means, i, sum, 0, 1 / sumNorm, width));
  const discrimination = patientDiscrimination(means, width, tau, false);
  const gradient = new Float64Array(u.length);
  let cosine = 0;
  all.forEach((own, i) => {
    const k = own.modalities.length;
    // Gradient with respect to s. L_cos adds the gradient from the pairs of one patient. L_PD adds the gradient from
    // the comparison of the patient's direction with those of other patients.
    const ofSum = new Float64Array(width);
    const pairs = k * (k - 1);
    if (k > 1) {
      cosine += (1 - (own.sumNorm ** 2 - k) / pairs) / present.length;
      addRow(ofSum, 0, own.sum, 0, (-2 * weight) / (pairs * present.length), width);
    }
    const at = pointed.indexOf(own);
    if (at >= 0) {
      // Derivative of the mean direction q = s/|s|: dq = (I - q q') ds / |s|, with identity matrix I and transpose q'.
      const along = dotRows(means, at, discrimination.gradient, at, width);
      const scale = (weight * lambdaPD) / own.sumNorm;
      addRow(ofSum, 0, discrimination.gradient, at, scale, width);
      addRow(ofSum, 0, means, at, -scale * along, width);
    }
    own.modalities.forEach((modality, row) => {
      // Only |s|^2 of the term |s|^2 - k has a gradient, because |v|^2 = 1 is constant.
      // For v = u/|u|: dv = (I - v v') du / |u|.
      const norm = own.norms[row] as number;
      const into = i * modalities + modality;
      addRow(gradient, into, ofSum, 0, 1 / norm, width);
      addRow(gradient, into, own.rows, row, -dotRows(own.rows, row, ofSum, 0, width) / norm, width);
    });
  });
  return {
    total: weight * (cosine + lambdaPD * discrimination.loss),
    ...{ cosine, pd: discrimination.loss, gradient },
  };
}

function directionsOf(u: Float32Array | Float64Array, mask: Uint8Array, width: number): Directions {
  const modalities: number[] = [];
  const norms: number[] = [];
  mask.forEach((seen, m) => {
    if (seen !== 1) return;
    let squares = 0;
    for (let d = 0; d < width; d++) squares += (u[m * width + d] as number) ** 2;
    const norm = Math.sqrt(squares);
    if (norm <= zeroNorm) return;
    modalities.push(m);
    norms.push(norm);
  });
  const rows = new Float64Array(modalities.length * width);
  const sum = new Float64Array(width);
  modalities.forEach((m, row) => {
    for (let d = 0; d < width; d++)
      rows[row * width + d] = (u[m * width + d] as number) / (norms[row] as number);
    addRow(sum, 0, rows, row, 1, width);
  });
  return {
    ...{ modalities, rows, sum, norms: Float64Array.from(norms) },
    sumNorm: Math.sqrt(dotRows(sum, 0, sum, 0, width)),
  };
}
