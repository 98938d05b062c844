import type { Spread } from '../evaluation/summary-data.js';

/** What stands where a number is undefined. */
export const undefinedText = '–';

export const threeDigits = (value: number | null): string => value?.toFixed(3) ?? undefinedText;

/** Mean ± standard deviation, kept on one line by no-break spaces. */
export const plusMinus = (mean: number | null, std: number | null): string =>
  mean === null || std === null ? undefinedText : `${threeDigits(mean)}\u00a0±\u00a0${threeDigits(std)}`;

export const spreadText = ({ mean, std }: Spread): string => plusMinus(mean, std);

export const interval = ([low, high]: readonly [number, number]): string =>
  `[${threeDigits(low)},\u00a0${threeDigits(high)}]`;

/** "2 folds", "1 fold": a count with its noun; the plural adds an s. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
