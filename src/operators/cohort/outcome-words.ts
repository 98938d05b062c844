import type { Config } from '../../pipeline/config/schema.js';
import type { OutcomeWords } from './cohort-data.js';

type Event = NonNullable<Config['data']['outcome']['event']>;

/** Whether a value of the outcome column is a number. */
export const isNumber = (text: string): boolean => /^[+-]?\d+(\.\d*)?$/.test(text);

/** The user's words for the two outcomes. A value that is a bare number is shown with its column: `death = 1`. */
export function wordsOf({ column, positive, negative, words }: Event): OutcomeWords {
  const shown = (values: readonly string[]): string =>
    values.map((value) => (isNumber(value) ? `${column} = ${value}` : value)).join(' or ');
  return {
    positive: words?.positive ?? shown(positive),
    negative: words?.negative ?? shown(negative),
    column,
  };
}
