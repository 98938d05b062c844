import { stringify } from 'yaml';

/** A value on one line as YAML; texts that need quotes get them. */
export const inline = (value: unknown): string =>
  stringify(value, {
    ...{ collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: true, blockQuote: false },
    singleQuote: true,
  }).trim();

/** A line `key: value # comment`; the key may be any text, such as the name of a column. */
export const line = (indent: number, key: string, value: unknown, comment?: string): string =>
  withComment(`${' '.repeat(indent)}${inline(key)}: ${inline(value)}`, comment);

/** A line that opens a section. */
export const section = (indent: number, key: string, comment?: string): string =>
  withComment(`${' '.repeat(indent)}${inline(key)}:`, comment);

/** A comment on a line of its own. */
export const comment = (indent: number, text: string): string => `${' '.repeat(indent)}# ${plain(text)}`;

/** Lines that are there to be uncommented: the "# " stands at their indentation, so removing it restores them. */
export const commentedOut = (indent: number, lines: readonly string[]): readonly string[] =>
  lines.map((text) => `${' '.repeat(indent)}# ${text.slice(indent)}`);

const withComment = (text: string, about: string | undefined): string =>
  about === undefined || about === '' ? text : `${text} # ${plain(about)}`;

/** Text of a user's file on one line of a comment. */
const plain = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');

/** `1` for the text "1", so that codes are written as numbers; every other text stays as it is. */
export const code = (value: string): string | number =>
  String(Number(value)) === value ? Number(value) : value;
