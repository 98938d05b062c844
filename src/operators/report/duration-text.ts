import { year } from '../survival/follow-up.js';
import type { MedianSurvival } from '../survival/kaplan-meier.js';

/** Days as years with at most two decimals: "5 years", "1 year", "0.25 years". */
export function yearsText(days: number): string {
  const years = Number((days / year).toFixed(2));
  return `${years} ${years === 1 ? 'year' : 'years'}`;
}

/**
 * The median and its confidence interval, for example "median 2.31 years [1.5, not reached]". A null is written as "not
 * reached": the survival curve does not fall so far within the follow-up.
 */
export function medianText({ days, lower, upper }: MedianSurvival): string {
  const years = (value: number | null): string =>
    value === null ? 'not reached' : String(Number((value / year).toFixed(2)));
  return days === null && lower === null
    ? 'median not reached'
    : `median ${days === null ? 'not reached' : yearsText(days)} [${years(lower)}, ${years(upper)}]`;
}
