/** A right-continuous step function of time in days. */
export interface StepFunction {
  /** Times of the steps, strictly ascending. */
  readonly times: Float64Array;
  /** Value from each of `times` to the next. */
  readonly values: Float64Array;
  /** Value before the first of `times`. */
  readonly before: number;
}

/** Number of values of ascending `times` that are at or before `days`. */
export function stepsUpTo(times: Float64Array, days: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] as number) <= days) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The value at a time. Beyond the last step: the last value. */
export function valueAt({ times, values, before }: StepFunction, days: number): number {
  const steps = stepsUpTo(times, days);
  return steps === 0 ? before : (values[steps - 1] as number);
}
