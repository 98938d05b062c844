import type { Spread } from '../evaluation/summary-data.js';

/** The text for an undefined number. */
export const undefinedText = '–';

export const threeDigits = (value: number | null): string =>
  value?.toFixed(3).replace('-', '\u2212') ?? undefinedText;

/** Mean ± standard deviation, with no-break spaces that keep it on one line. */
export const plusMinus = (mean: number | null, std: number | null): string =>
  mean === null || std === null ? undefinedText : `${threeDigits(mean)}\u00a0±\u00a0${threeDigits(std)}`;

/** A number of the paper. A number that the paper quotes from another publication has no standard deviation. */
export const paperText = (value: readonly [number, number | null] | null): string =>
  value === null
    ? undefinedText
    : value[1] === null
      ? `${threeDigits(value[0])} (quoted)`
      : plusMinus(...value);

/** A number with its sign, with a true minus character: "+0.012", "−0.7". */
export function signed(value: number | null, digits = 3): string {
  if (value === null) return undefinedText;
  const size = Math.abs(value).toFixed(digits);
  return Number(size) === 0 ? size : `${value < 0 ? '\u2212' : '+'}${size}`;
}

/** Three digits, or "< 0.001", because a p-value is never 0. */
export const pText = (p: number | null): string =>
  p !== null && p < 0.001 ? '<\u00a00.001' : threeDigits(p);

export const spreadText = ({ mean, std }: Spread): string => plusMinus(mean, std);

export const interval = ([low, high]: readonly [number, number]): string =>
  `[${threeDigits(low)},\u00a0${threeDigits(high)}]`;
