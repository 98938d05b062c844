/**
 * The quadratic form u' V^- u of a vector u, with a generalised inverse V^- of a positive semidefinite matrix V, and
 * the rank of V. V may be singular. Gaussian elimination takes the largest diagonal entry first.
 *
 * @param matrix V, row-major
 */
export function quadraticForm(
  matrix: Float64Array,
  vector: Float64Array,
): {
  readonly value: number;
  readonly rank: number;
  /** The remainder of u in the null space of V. If it exceeds rounding error, u' V^- u has no finite value. */
  readonly outside: number;
} {
  const [v, u, size] = [matrix.slice(), vector.slice(), vector.length];
  const left = new Set(Array.from({ length: size }, (_, g) => g));
  const diagonal = (g: number): number => v[g * size + g] as number;
  const smallest = 1e-10 * Math.max(...Array.from(left, diagonal));
  let [value, rank] = [0, 0];
  while (left.size > 0) {
    const pivot = [...left].reduce((best, g) => (diagonal(g) > diagonal(best) ? g : best));
    if (diagonal(pivot) <= smallest) break;
    left.delete(pivot);
    value += (u[pivot] as number) ** 2 / diagonal(pivot);
    rank++;
    for (const row of left) {
      const factor = (v[row * size + pivot] as number) / diagonal(pivot);
      u[row] = (u[row] as number) - factor * (u[pivot] as number);
      for (const column of left)
        v[row * size + column] =
          (v[row * size + column] as number) - factor * (v[pivot * size + column] as number);
    }
  }
  return { value, rank, outside: Math.max(0, ...[...left].map((g) => Math.abs(u[g] as number))) };
}
