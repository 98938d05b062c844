import type { Config } from '../../pipeline/config/schema.js';
import { patientDiscrimination } from './patient-discrimination.js';
import { patientSvd, throughNormalisation, zeroNorm, type PatientSvd } from './patient-svd.js';
import { addCombination, addRow, dotRows } from './row-arithmetic.js';

export type AlignmentOptions = Pick<
  Config['align'],
  'tauSv' | 'tauPd' | 'lambdaPD' | 'weight' | 'normalize' | 'sign'
>;

/** The modality vectors of a group of patients. */
export interface AlignmentGroup {
  /** The modality vectors, [B, M, D]. Vectors of absent modalities are never read. */
  readonly u: Float32Array | Float64Array;
  /** [B, M], 1 where the patient has the modality. */
  readonly mask: Uint8Array;
  readonly modalities: number;
  readonly width: number;
}

export interface AlignmentLoss {
  /** The whole alignment loss (method.md 5.2): weight * (L_SV + lambdaPD * L_PD). */
  readonly total: number;
  readonly sv: number;
  readonly pd: number;
  /** Singular values of each patient's modality vectors, descending. Empty for a patient without modalities. */
  readonly sigma: readonly Float64Array[];
  /** Leading left singular vector of each patient's modality vectors. Null for a patient without modalities. */
  readonly q1: readonly (Float64Array | null)[];
  /** Number of patients whose two largest singular values are equal, so that q1 is arbitrary. */
  readonly degenerate: number;
  /** Gradient of `total` with respect to u, [B, M, D]. */
  readonly gradient: Float64Array;
}

/**
 * Relative gap of the two largest eigenvalues of a patient's Gram matrix below which they count as equal. The limit
 * bounds the gradient of q1, the leading left singular vector.
 */
const smallestGap = 1e-6;
/** Singular values below this fraction of the largest one pass no gradient. */
const smallestSigma = 1e-6;

/**
 * Global alignment loss of eq. 5-7 of the paper and its exact gradient (method.md 5.2-5.4), in float64. L_SV pulls each
 * patient's modality vectors into one direction; L_PD keeps the directions of different patients apart. Both losses
 * leave out the patients without an observed modality.
 */
export function alignmentLoss(group: AlignmentGroup, options: AlignmentOptions): AlignmentLoss {
  const { u, mask, modalities, width } = group;
  const count = mask.length / modalities;
  const stride = modalities * width;
  const observed = Array.from({ length: count }, (_, i) => observedOf(mask, modalities, i));
  const svds = observed.map((columns, i) =>
    columns.length === 0
      ? null
      : patientSvd(u.subarray(i * stride, (i + 1) * stride), columns, width, options.normalize, options.sign),
  );
  const present = svds.filter((svd) => svd !== null);
  const q = new Float64Array(present.length * width);
  present.forEach(({ q1 }, i) => q.set(q1, i * width));
  const invariant = options.sign === 'invariant';
  const discrimination = patientDiscrimination(q, width, options.tauPd, invariant);

  const gradient = new Float64Array(u.length);
  let sv = 0;
  let degenerate = 0;
  let position = 0;
  svds.forEach((svd, i) => {
    if (svd === null) return;
    const values = singularValueLoss(svd, options.tauSv);
    sv += values.loss / present.length;
    if (hasTie(svd)) degenerate++;
    const dRows = new Float64Array(svd.columns * width);
    addSingularValueGradient(svd, values.slopes, options.weight / present.length, dRows);
    const dq1 = discrimination.gradient.subarray(position * width, (position + 1) * width);
    addLeadingVectorGradient(svd, dq1, options.weight * options.lambdaPD, dRows);
    if (options.normalize) throughNormalisation(svd, dRows);
    (observed[i] as readonly number[]).forEach((modality, column) =>
      gradient.set(dRows.subarray(column * width, (column + 1) * width), i * stride + modality * width),
    );
    position++;
  });
  return {
    total: options.weight * (sv + options.lambdaPD * discrimination.loss),
    sv,
    pd: discrimination.loss,
    sigma: svds.map((svd) => svd?.sigma ?? new Float64Array()),
    q1: svds.map((svd) => svd?.q1 ?? null),
    degenerate,
    gradient,
  };
}

function observedOf(mask: Uint8Array, modalities: number, patient: number): readonly number[] {
  return Array.from({ length: modalities }, (_, m) => m).filter((m) => mask[patient * modalities + m] === 1);
}

/**
 * The loss L_SV of one patient with singular values sigma, `-log softmax(sigma / tau)_1`, and its derivative with
 * respect to each singular value.
 */
function singularValueLoss({ sigma }: PatientSvd, tau: number): { loss: number; slopes: Float64Array } {
  const largest = sigma[0] as number;
  const weights = sigma.map((value) => Math.exp((value - largest) / tau));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return {
    loss: Math.log(sum),
    slopes: weights.map((weight, j) => (weight / sum - (j === 0 ? 1 : 0)) / tau),
  };
}

const hasTie = ({ eigenvalues, columns }: PatientSvd): boolean =>
  columns > 1 &&
  (eigenvalues[0] as number) - (eigenvalues[1] as number) < smallestGap * (eigenvalues[0] as number);

/**
 * Adds `scale * U V diag(slope_j / sigma_j) V^T`, transposed, to `dRows` (k x D): the gradient through the singular
 * values (method.md 5.4). `slope_j` is the derivative of L_SV with respect to `sigma_j`.
 */
function addSingularValueGradient(
  { columns: k, rows, right, sigma }: PatientSvd,
  slopes: Float64Array,
  scale: number,
  dRows: Float64Array,
): void {
  const cutoff = smallestSigma * (sigma[0] as number);
  const weights = new Float64Array(k);
  for (let column = 0; column < k; column++) {
    for (let from = 0; from < k; from++) {
      let mix = 0;
      for (let j = 0; j < sigma.length && (sigma[j] as number) > cutoff; j++)
        mix +=
          ((right[from * k + j] as number) * (right[column * k + j] as number) * (slopes[j] as number)) /
          (sigma[j] as number);
      weights[from] = scale * mix;
    }
    addCombination(dRows, column, rows, weights, rows.length / k);
  }
}

/**
 * Adds `scale * (sigma_1 w v1^T + q1 (U^T w)^T)`, transposed, to `dRows` (k x D): the gradient through q1 (method.md
 * 5.4).
 * Here `w = (g - q1 (q1.g) + U sum_{j>=2} v_j (v_j . U^T g) / gap_j) / l_1`, and g is the gradient with respect to q1.
 */
function addLeadingVectorGradient(
  svd: PatientSvd,
  g: Float64Array,
  scale: number,
  dRows: Float64Array,
): void {
  const { columns: k, rows, right, sigma, eigenvalues, q1 } = svd;
  const width = g.length;
  const largest = eigenvalues[0] as number;
  // If q1 was set to zero, it is constant and has no gradient. Dividing by the largest eigenvalue, which is then nearly
  // 0, would give a false gradient.
  if (scale === 0 || (sigma[0] as number) <= zeroNorm) return;
  const projected = Float64Array.from({ length: k }, (_, column) => dotRows(rows, column, g, 0, width));
  const mix = new Float64Array(k);
  for (let j = 1; j < k; j++) {
    const gap = Math.max(largest - (eigenvalues[j] as number), smallestGap * largest);
    let along = 0;
    for (let m = 0; m < k; m++) along += (right[m * k + j] as number) * (projected[m] as number);
    for (let m = 0; m < k; m++) mix[m] = (mix[m] as number) + ((right[m * k + j] as number) * along) / gap;
  }
  const w = g.slice();
  addRow(w, 0, q1, 0, -dotRows(q1, 0, g, 0, width), width);
  addCombination(w, 0, rows, mix, width);
  for (let d = 0; d < width; d++) w[d] = (w[d] as number) / largest;
  for (let column = 0; column < k; column++) {
    const lean = scale * (sigma[0] as number) * (right[column * k] as number);
    addRow(dRows, column, w, 0, lean, width);
    addRow(dRows, column, q1, 0, scale * dotRows(rows, column, w, 0, width), width);
  }
}
