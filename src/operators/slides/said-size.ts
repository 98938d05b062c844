/** A size that a file states as text: in micrometres if the text was understood, otherwise the quoted text. */
export type SaidSize = { readonly micrometres: number } | { readonly quoted: string };

/** Abbreviations of units, which are case-sensitive: mm is not Mm. */
const symbols: Readonly<Record<string, number>> = {
  ...{ pm: 1e-6, nm: 1e-3, um: 1, UM: 1, Um: 1, mm: 1e3, MM: 1e3, cm: 1e4, CM: 1e4, dm: 1e5, m: 1e6 },
  ...{
    '\u00c5': 1e-4,
    '\u212b': 1e-4,
    thou: 25.4,
    li: 2116.666666666667,
    in: 25_400,
    IN: 25_400,
    '"': 25_400,
  },
  // The micro sign and the Greek letter mu. Each of them also as UTF-8 that was read as Latin-1, and in ImageJ's
  // escaped form.
  ...{
    '\u00b5m': 1,
    '\u03bcm': 1,
    '\u00c2\u00b5m': 1,
    '\u00ce\u00bcm': 1,
    '\\u00b5m': 1,
    '\\u00B5m': 1,
    '\\u03bcm': 1,
  },
  '\u00b5': 1,
};

const words: Readonly<Record<string, number>> = {
  ...{ angstrom: 1e-4, nanometer: 1e-3, nanometre: 1e-3, micron: 1, micrometer: 1, micrometre: 1 },
  ...{
    millimeter: 1e3,
    millimetre: 1e3,
    centimeter: 1e4,
    centimetre: 1e4,
    meter: 1e6,
    metre: 1e6,
    inch: 25_400,
  },
};

/** Micrometres per unit. Null for an unknown unit. */
export function micrometresOf(unit: string): number | null {
  const name = unit.trim();
  const symbol = symbols[name];
  if (symbol !== undefined) return symbol;
  const word = name.toLowerCase();
  return words[word] ?? words[word.replace(/s$/, '')] ?? (word === 'inches' ? 25_400 : null);
}

const decimal = /^([+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?)\s*(.*)$/s;

/** A number with a point or a comma, and the text after it. Null if the text does not begin with a number. */
export function numberIn(text: string): { readonly value: number; readonly rest: string } | null {
  const found = decimal.exec(text.trim());
  if (found === null) return null;
  return { value: Number((found[1] as string).replace(',', '.')), rest: (found[2] as string).trim() };
}

/** Maximum length of a text that an error quotes. */
const mostQuoted = 60;

/** A text as messages quote it: on one line and of limited length. */
export const quotable = (text: string): string => {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length > mostQuoted ? `${line.slice(0, mostQuoted)}...` : line;
};

/**
 * Parses a size such as "0,25", "250 nm" or "5E-4".
 * @param unit the unit of a number without a unit
 * @param said the text of the file, to quote if it is not understood
 */
export function saidSize(text: string, unit: string, said: string): SaidSize {
  const number = numberIn(text);
  const factor = number && micrometresOf(number.rest === '' ? unit : number.rest);
  return factor === null ? { quoted: quotable(said) } : { micrometres: number!.value * factor };
}
