import { stringify } from 'yaml';

/** A value as YAML on one line. Texts that need quotes are quoted. */
export const inline = (value: unknown): string =>
  stringify(value, {
    ...{ collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: true, blockQuote: false },
    singleQuote: true,
  }).trim();

/** A line `key: value # comment`. The key may be any text, such as the name of a column. */
export const line = (indent: number, key: string, value: unknown, comment?: string): string =>
  withComment(`${' '.repeat(indent)}${inline(key)}: ${inline(value)}`, comment);

/** A line that opens a section. */
export const section = (indent: number, key: string, comment?: string): string =>
  withComment(`${' '.repeat(indent)}${inline(key)}:`, comment);

/** A comment on a line of its own. */
export const comment = (indent: number, text: string): string => `${' '.repeat(indent)}# ${plain(text)}`;

/** Lines that a user may uncomment. Each "# " is placed at the indentation, so that removing it gives valid YAML. */
export const commentedOut = (indent: number, lines: readonly string[]): readonly string[] =>
  lines.map((text) => `${' '.repeat(indent)}# ${text.slice(indent)}`);

const withComment = (text: string, about: string | undefined): string =>
  about === undefined || about === '' ? text : `${text} # ${plain(about)}`;

/** Text of a user's file, on one line, for use in a comment. */
const plain = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');

/** Turns the text of a number into this number, so that YAML has no quotes around it. Other texts are unchanged. */
export const code = (value: string): string | number =>
  String(Number(value)) === value ? Number(value) : value;
