const dates = [
  /^\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/,
  /^\d{4}\/\d{1,2}\/\d{1,2}$/,
  /^\d{1,2}\.\d{1,2}\.(\d{4}|\d{2})$/,
  /^\d{1,2}\/\d{1,2}\/(\d{4}|\d{2})$/,
  /^\d{1,2}-[A-Za-z]{3}-(\d{4}|\d{2})$/,
];

/** A date as a table shows it: ISO 8601, without the time if it is midnight. */
export const isoText = (date: Date): string =>
  date
    .toISOString()
    .replace(/T00:00:00\.000Z$/, '')
    .replace(/\.000Z$/, '');

/** Whether a text is a date in a common form: 2019-03-31, 31.3.2019, 3/31/2019, 31-Mar-2019. */
export const isDateText = (text: string): boolean => dates.some((pattern) => pattern.test(text));
