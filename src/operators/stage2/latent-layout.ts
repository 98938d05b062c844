// The vectors of a group of patients are stored as [patients, modalities, width], those of one modality as rows
// [patients, width].

/** Writes the rows of modality `m` to their positions in u. */
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

/** The rows of modality `m`. */
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
