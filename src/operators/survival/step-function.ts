/** A right-continuous step function of time in days. */
export interface StepFunction {
  /** Where it steps, strictly ascending. */
  readonly times: Float64Array;
  /** Its value from each of `times` to the next. */
  readonly values: Float64Array;
  /** Its value before the first of `times`. */
  readonly before: number;
}

/** How many of ascending `times` are at or before `days`. */
export function stepsUpTo(times: Float64Array, days: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] as number) <= days) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The value at a time; beyond the last step the last value. */
export function valueAt({ times, values, before }: StepFunction, days: number): number {
  const steps = stepsUpTo(times, days);
  return steps === 0 ? before : (values[steps - 1] as number);
}
