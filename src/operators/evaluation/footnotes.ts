const digits = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** 12 as "¹²". */
const raised = (count: number): string =>
  [...String(count)].map((digit) => digits[Number(digit)] ?? '').join('');

/** The reasons of the undefined numbers of a table, each once, numbered in the order of their first mark. */
export interface Footnotes {
  /** "¹": what stands behind the dash of a number; nothing without a reason. */
  mark(reason: string | undefined): string;
  /** "¹ Fewer than ...", one line for each reason. */
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
