/** 97.5 % quantile of the standard normal distribution. */
export const z975 = 1.959963984540054;

/** A statistic with its 95 % interval. If the value or the interval is undefined, a reason is given. */
export interface Estimate {
  readonly value: number | null;
  readonly ci95: readonly [number, number] | null;
  readonly reason: string | null;
}

export const estimated = (value: number, ci95: readonly [number, number]): Estimate => ({
  ...{ value, ci95, reason: null },
});

/** @param reason why there is no interval; null if no interval is intended */
export const withoutInterval = (value: number, reason: string | null = null): Estimate => ({
  ...{ value, ci95: null, reason },
});

export const notEstimated = (reason: string): Estimate => ({ value: null, ci95: null, reason });

/** The interval of an estimate with a normally distributed error. */
export const waldInterval = (value: number, standardError: number): readonly [number, number] => [
  value - z975 * standardError,
  value + z975 * standardError,
];
