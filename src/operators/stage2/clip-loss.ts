import type { Config } from '../../pipeline/config/schema.js';
import type { AlignmentGroup } from './alignment.js';
import { zeroNorm } from './patient-svd.js';
import { addCombination, addRow, dotRows } from './row-arithmetic.js';

export interface ClipLoss {
  /**
   * Mean of the CLIP loss over the modalities that at least two patients have together with the anchor. 0 if there are
   * none.
   */
  readonly loss: number;
  /** The factor that multiplies the cosines. */
  readonly scale: number;
  /** Gradient of `loss` with respect to u, [B, M, D]. */
  readonly gradient: Float64Array;
  /** Gradient of `loss` with respect to the logarithm of the scale. 0 if the scale is cut to `maxScale`. */
  readonly scaleGradient: number;
}

/**
 * CLIP alignment of a group and its exact gradient (method.md 8.2), in float64: each modality is contrasted with the
 * anchor over the patients that have both. A modality is left out if fewer than two patients have both it and the
 * anchor, because there is nothing to contrast.
 *
 * @param anchor position of the anchor among the modalities
 * @param logScale logarithm of the scale of the cosines
 */
export function clipLoss(
  group: AlignmentGroup,
  anchor: number,
  logScale: number,
  { includeSelf, maxScale }: Pick<Config['clip'], 'includeSelf' | 'maxScale'>,
): ClipLoss {
  const { mask, modalities, width } = group;
  const count = mask.length / modalities;
  const scale = Math.min(Math.exp(logScale), maxScale);
  const units = unitRows(group);
  const dUnits = new Float64Array(units.rows.length);
  const pairs = Array.from({ length: modalities }, (_, m) => m)
    .filter((m) => m !== anchor || includeSelf)
    .map((m) => pairOf(mask, modalities, count, anchor, m))
    .filter(({ others }) => others.length >= 2);
  let loss = 0;
  let slope = 0;
  for (const { anchors, others } of pairs) {
    const a = take(units.rows, anchors, width);
    const b = take(units.rows, others, width);
    const contrast = contrastOf(a, b, width, scale);
    loss += contrast.loss / pairs.length;
    slope += contrast.scaleSlope / pairs.length;
    anchors.forEach((row, i) => addRow(dUnits, row, contrast.da, i, 1 / pairs.length, width));
    others.forEach((row, i) => addRow(dUnits, row, contrast.db, i, 1 / pairs.length, width));
  }
  const held = Math.exp(logScale) > maxScale;
  return {
    loss,
    scale,
    gradient: backThroughUnits(units, dUnits, width),
    scaleGradient: held ? 0 : slope * scale,
  };
}

/** Rows of u, as positions in [B * M], of the patients that have both the anchor and modality `m`. */
function pairOf(
  mask: Uint8Array,
  modalities: number,
  count: number,
  anchor: number,
  m: number,
): { readonly anchors: readonly number[]; readonly others: readonly number[] } {
  const starts = Array.from({ length: count }, (_, patient) => patient * modalities).filter(
    (start) => mask[start + anchor] === 1 && mask[start + m] === 1,
  );
  return { anchors: starts.map((start) => start + anchor), others: starts.map((start) => start + m) };
}

/**
 * CLIP loss of n pairs, with the gradients of `a` and `b`: the mean cross-entropy of the rows of the n x n matrix of
 * scaled cosines, plus that of its columns. The correct class of row i, and of column i, is i.
 *
 * @param a [n, D], vectors of unit length
 * @param b [n, D], their partners
 */
function contrastOf(
  a: Float64Array,
  b: Float64Array,
  width: number,
  scale: number,
): {
  readonly loss: number;
  readonly da: Float64Array;
  readonly db: Float64Array;
  /** Derivative of `loss` with respect to the scale. */
  readonly scaleSlope: number;
} {
  const n = a.length / width;
  const cosines = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) cosines[i * n + j] = dotRows(a, i, b, j, width);
  const slopes = new Float64Array(n * n);
  let loss = 0;
  for (let i = 0; i < n; i++) {
    loss += addCrossEntropy(cosines, i * n, 1, i, n, scale, slopes);
    loss += addCrossEntropy(cosines, i, n, i, n, scale, slopes);
  }
  const da = new Float64Array(a.length);
  const db = new Float64Array(b.length);
  const row = new Float64Array(n);
  const column = new Float64Array(n);
  let scaleSlope = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      row[j] = scale * (slopes[i * n + j] as number);
      column[j] = scale * (slopes[j * n + i] as number);
      scaleSlope += (slopes[i * n + j] as number) * (cosines[i * n + j] as number);
    }
    addCombination(da, i, b, row, width);
    addCombination(db, i, a, column, width);
  }
  return { loss: loss / n, da, db, scaleSlope };
}

/**
 * `-log softmax(scale * x)` at `target`, where x are `n` cosines beginning at `from` with stride `stride`. Adds its
 * derivative with respect to each scaled cosine, divided by n, to `slopes`.
 */
function addCrossEntropy(
  cosines: Float64Array,
  from: number,
  stride: number,
  target: number,
  n: number,
  scale: number,
  slopes: Float64Array,
): number {
  const at = (j: number): number => from + j * stride;
  let highest = -Infinity;
  for (let j = 0; j < n; j++) highest = Math.max(highest, cosines[at(j)] as number);
  let sum = 0;
  for (let j = 0; j < n; j++) sum += Math.exp(scale * ((cosines[at(j)] as number) - highest));
  for (let j = 0; j < n; j++) {
    const share = Math.exp(scale * ((cosines[at(j)] as number) - highest)) / sum;
    slopes[at(j)] = (slopes[at(j)] as number) + (share - (j === target ? 1 : 0)) / n;
  }
  return Math.log(sum) - scale * ((cosines[at(target)] as number) - highest);
}

interface UnitRows {
  /** The vectors scaled to length 1, [B * M, D]. Zeros for absent modalities and vectors of zero length. */
  readonly rows: Float64Array;
  /** Lengths of the given vectors, [B * M]. 0 if absent. */
  readonly norms: Float64Array;
}

function unitRows({ u, mask, width }: AlignmentGroup): UnitRows {
  const rows = new Float64Array(u.length);
  const norms = new Float64Array(mask.length);
  mask.forEach((observed, row) => {
    if (observed === 0) return;
    const vector = Float64Array.from(u.subarray(row * width, (row + 1) * width));
    const norm = Math.sqrt(dotRows(vector, 0, vector, 0, width));
    if (norm < zeroNorm) return;
    norms[row] = norm;
    addRow(rows, row, vector, 0, 1 / norm, width);
  });
  return { rows, norms };
}

/**
 * Converts a gradient with respect to the unit vectors to one with respect to the given vectors. From the gradient of
 * each unit vector it takes the component orthogonal to the unit vector, divided by the length of the given vector.
 */
function backThroughUnits({ rows, norms }: UnitRows, dRows: Float64Array, width: number): Float64Array {
  const gradient = new Float64Array(rows.length);
  norms.forEach((norm, row) => {
    if (norm === 0) return;
    addRow(gradient, row, dRows, row, 1 / norm, width);
    addRow(gradient, row, rows, row, -dotRows(rows, row, dRows, row, width) / norm, width);
  });
  return gradient;
}

/** Concatenates the given rows. */
function take(source: Float64Array, rows: readonly number[], width: number): Float64Array {
  const taken = new Float64Array(rows.length * width);
  rows.forEach((row, i) => taken.set(source.subarray(row * width, (row + 1) * width), i * width));
  return taken;
}
