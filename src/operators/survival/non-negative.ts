/** A convex function of the vector w, with the two operations that the active-set method needs. */
export interface ConvexProblem {
  /**
   * Minimises over the listed columns without a bound; all other columns are 0. Returns the values of the listed
   * columns, in their order.
   */
  readonly minimise: (columns: readonly number[], start: Float64Array) => Float64Array;
  readonly gradient: (w: Float64Array) => Float64Array;
}

/**
 * Minimum of a convex function under w >= 0, by the active-set method of Lawson and Hanson (Solving Least Squares Problems, 1974). The
 * function need not be quadratic.
 *
 * @param start initial w, none below 0, for example the solution for a larger penalty
 * @param tolerance a column stays at 0 if its gradient is above minus this value
 * @throws RangeError if it does not converge
 */
export function nonNegativeMinimum(
  { minimise, gradient }: ConvexProblem,
  start: Float64Array,
  tolerance: number,
): Float64Array {
  let w: Float64Array = start.slice();
  // The columns that may be above 0.
  let used = [...w.keys()].filter((column) => (w[column] as number) > 0);
  const maxSteps = 20 * (w.length + 1);
  for (let step = 0; step < maxSteps; step++) {
    const now = Float64Array.from(used, (column) => w[column] as number);
    const free = minimise(used, now);
    // `free` is the minimum without a bound. For each column, the fraction of the way from `now` to `free` at which its
    // value reaches 0, or 1 if its value stays above 0. The smallest fraction is the step.
    const reaches = Array.from(free, (to, k) => {
      const from = now[k] as number;
      return to > 0 ? 1 : from > 0 ? from / (from - to) : 0;
    });
    const reach = Math.min(1, ...reaches);
    w = new Float64Array(w.length);
    used.forEach((column, k) => {
      const [from, to] = [now[k] as number, free[k] as number];
      w[column] = reaches[k] === reach && reach < 1 ? 0 : from + reach * (to - from);
    });
    if (reach < 1) {
      used = used.filter((_, k) => reaches[k] !== reach);
      continue;
    }
    const slopes = gradient(w);
    const steepest = [...slopes.keys()]
      .filter((column) => !used.includes(column) && (slopes[column] as number) < -tolerance)
      .sort((a, b) => (slopes[a] as number) - (slopes[b] as number))[0];
    if (steepest === undefined) return w;
    used = [...used, steepest].sort((a, b) => a - b);
  }
  throw new RangeError(`a fit with weights of at least 0 did not converge in ${maxSteps} steps`);
}
