// Two layouts of the vectors of a group of patients. The array u holds all modalities, [patients, modalities, width].
// A matrix holds one modality, [patients, width].

/** Copies the matrix of modality `m` into u. */
export function spread(
  u: Float32Array,
  rows: Float32Array,
  m: number,
  modalities: number,
  width: number,
): void {
  for (let i = 0; i * width < rows.length; i++)
    u.set(rows.subarray(i * width, (i + 1) * width), (i * modalities + m) * width);
}

/** Copies the vectors of modality `m` from u into a matrix. */
export function collect(
  u: Float32Array | Float64Array,
  m: number,
  modalities: number,
  width: number,
): Float32Array {
  const count = u.length / (modalities * width);
  const rows = new Float32Array(count * width);
  for (let i = 0; i < count; i++) {
    const at = (i * modalities + m) * width;
    rows.set(u.subarray(at, at + width), i * width);
  }
  return rows;
}
