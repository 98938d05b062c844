const digits = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** A number as superscript: 12 as "¹²". */
const raised = (count: number): string =>
  [...String(count)].map((digit) => digits[Number(digit)] ?? '').join('');

/** The reasons of undefined numbers in a table, each once, numbered in the order of their first mark. */
export interface Footnotes {
  /** The superscript mark of a reason, such as "¹", for the table cell of the number. Empty without a reason. */
  mark(reason: string | undefined): string;
  /** One line per reason, such as "¹ Fewer than ...". */
  lines(): readonly string[];
}

export function footnotes(): Footnotes {
  const reasons: string[] = [];
  return {
    mark: (reason) => {
      if (reason === undefined) return '';
      if (!reasons.includes(reason)) reasons.push(reason);
      return raised(reasons.indexOf(reason) + 1);
    },
    lines: () => reasons.map((reason, at) => `${raised(at + 1)} ${reason}`),
  };
}
