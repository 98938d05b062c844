/**
 * Scalar product of row `i` of `a` with row `j` of `b`, both with rows of `width` values. Four partial sums are used, because in a
 * single running sum every addition waits for the one before.
 */
export function dotRows(a: Float64Array, i: number, b: Float64Array, j: number, width: number): number {
  const [from, to] = [i * width, j * width];
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  const whole = width - (width % 4);
  for (let d = 0; d < whole; d += 4) {
    s0 += (a[from + d] as number) * (b[to + d] as number);
    s1 += (a[from + d + 1] as number) * (b[to + d + 1] as number);
    s2 += (a[from + d + 2] as number) * (b[to + d + 2] as number);
    s3 += (a[from + d + 3] as number) * (b[to + d + 3] as number);
  }
  for (let d = whole; d < width; d++) s0 += (a[from + d] as number) * (b[to + d] as number);
  return s0 + s1 + (s2 + s3);
}

/** Adds `scale` times row `from` of `source` to row `to` of `target`; both have rows of `width` values. */
export function addRow(
  target: Float64Array,
  to: number,
  source: Float64Array,
  from: number,
  scale: number,
  width: number,
): void {
  const [at, start] = [to * width, from * width];
  for (let d = 0; d < width; d++)
    target[at + d] = (target[at + d] as number) + scale * (source[start + d] as number);
}

/**
 * Adds `sum_m weights[m] * source row m` to row `to` of `target`; all rows have `width` values. Four rows are added at a time, so
 * that the target is loaded and stored a quarter as often.
 */
export function addCombination(
  target: Float64Array,
  to: number,
  source: Float64Array,
  weights: Float64Array,
  width: number,
): void {
  const at = to * width;
  const whole = weights.length - (weights.length % 4);
  for (let m = 0; m < whole; m += 4) {
    const w0 = weights[m] as number;
    const w1 = weights[m + 1] as number;
    const w2 = weights[m + 2] as number;
    const w3 = weights[m + 3] as number;
    const r0 = m * width;
    const r1 = r0 + width;
    const r2 = r1 + width;
    const r3 = r2 + width;
    for (let d = 0; d < width; d++)
      target[at + d] =
        (target[at + d] as number) +
        (w0 * (source[r0 + d] as number) + w1 * (source[r1 + d] as number)) +
        (w2 * (source[r2 + d] as number) + w3 * (source[r3 + d] as number));
  }
  for (let m = whole; m < weights.length; m++) addRow(target, to, source, m, weights[m] as number, width);
}
