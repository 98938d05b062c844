/** 97.5 % point of the standard normal. */
export const z975 = 1.959963984540054;

/** A statistic with its 95 % interval. A value that is not defined has a reason; so has a value without an interval. */
export interface Estimate {
  readonly value: number | null;
  readonly ci95: readonly [number, number] | null;
  readonly reason: string | null;
}

export const estimated = (value: number, ci95: readonly [number, number]): Estimate => ({
  ...{ value, ci95, reason: null },
});

/** @param reason why there is no interval; null where none is meant */
export const withoutInterval = (value: number, reason: string | null = null): Estimate => ({
  ...{ value, ci95: null, reason },
});

export const notEstimated = (reason: string): Estimate => ({ value: null, ci95: null, reason });

/** The interval of an estimate whose error is normal. */
export const waldInterval = (value: number, standardError: number): readonly [number, number] => [
  value - z975 * standardError,
  value + z975 * standardError,
];
