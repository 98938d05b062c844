/**
 * Control characters other than tab and line end, and characters that change the direction of text. Terminals obey
 * them.
 */
const obeyed =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/g;

const escaped = (letter: string): string => {
  const code = letter.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
};

/**
 * A text with control characters written out. File names and ids are untrusted, and a terminal would obey control
 * characters in them.
 *
 * @example visible('HE_\x1b[2J.svs') // 'HE_\\x1b[2J.svs'
 */
export const visible = (text: string): string => text.replace(obeyed, escaped);

/** Like `visible`, for a text within one line: a blank replaces each tab and line end. */
export const visibleInLine = (text: string): string => visible(text).replace(/[\t\n]/g, ' ');

/** A copy of a value with `visible` applied to all texts in it. */
export function visibleIn<T>(value: T): T {
  if (typeof value === 'string') return visible(value) as T;
  if (Array.isArray(value)) return value.map(visibleIn) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inside]) => [key, visibleIn(inside)])) as T;
}

const colour = /\u001b\[[\d;]*m/;

/** Like `visible`, but control sequences that set colours are kept. */
export const coloursOnly = (text: string): string =>
  text
    .split(new RegExp(`(${colour.source})`, 'g'))
    .map((part, at) => (at % 2 === 1 ? part : visible(part)))
    .join('');
