const plain = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The decimal mark of a file's numbers. */
export type DecimalMark = '.' | ',';

/** Whether a number can begin with this character. Most words are excluded by their first character. */
const canBegin = (code: number): boolean => code >= 43 && code <= 57 && code !== 47;

/** The value of a text that is a plain decimal number. NaN for any other text ("NA", "0x10", "inf", "1 000"). */
export function plainNumber(text: string, mark: DecimalMark = '.'): number {
  if (!canBegin(text.charCodeAt(0))) return NaN;
  const written = mark === '.' ? text : text.includes('.') ? '' : text.replace(',', '.');
  const value = plain.test(written) ? Number(written) : NaN;
  return Number.isFinite(value) ? value : NaN;
}

const [space, tab, plus, minus, zero, nine, quote] = [32, 9, 43, 45, 48, 57, 34];
const powers = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** A whole number of at most 15 digits is exact in a double. */
const exactDigits = 15;

/**
 * The number that a cell holds as text, parsed directly from its bytes, with the same result as `plainNumber`. NaN if
 * the cell is empty or holds anything else. Quotes and blanks around the number are ignored.
 *
 * A whole number of at most 15 digits and a power of ten up to 10^22 are both exact in a double, so dividing the first
 * by the second gives the same double as `Number` (Clinger 1990, "How to read floating point numbers accurately").
 * Longer numbers are parsed by `Number`.
 */
export function numberInBytes(bytes: Buffer, start: number, end: number, mark: DecimalMark): number {
  let from = start;
  let to = end;
  while (from < to && isAround(bytes[from] as number)) from++;
  while (to > from && isAround(bytes[to - 1] as number)) to--;
  if (from === to) return NaN;
  const markByte = mark.charCodeAt(0);
  const first = bytes[from] as number;
  let at = first === minus || first === plus ? from + 1 : from;
  let [value, digits, fraction, seen, marked] = [0, 0, 0, false, false];
  for (; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte >= zero && byte <= nine) {
      seen = true;
      value = value * 10 + (byte - zero);
      if (value !== 0) digits++;
      if (marked) fraction++;
    } else if (byte === markByte && !marked) marked = true;
    else return isExponent(byte) && seen ? slowly(bytes, from, to, mark) : NaN;
  }
  if (!seen) return NaN;
  if (digits > exactDigits || fraction >= powers.length) return slowly(bytes, from, to, mark);
  const size = fraction === 0 ? value : value / (powers[fraction] as number);
  return first === minus ? -size : size;
}

const isAround = (byte: number): boolean => byte === space || byte === tab || byte === quote;
const isExponent = (byte: number): boolean => byte === 0x65 || byte === 0x45;
const slowly = (bytes: Buffer, from: number, to: number, mark: DecimalMark): number =>
  plainNumber(bytes.toString('latin1', from, to), mark);
