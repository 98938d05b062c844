/** A table for people. */
export interface TextTable {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const markdownLine = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** A row of a table; null stands between rows that are set apart. */
export type TableRow = readonly string[] | null;

/** Lines of a Markdown table: the first column to the left, numbers to the right; footnotes below it. */
export const markdownLines = (
  headings: readonly string[],
  rows: readonly TableRow[],
  notes: readonly string[] = [],
): readonly string[] => [
  markdownLine(headings),
  markdownLine(headings.map((_, column) => (column === 0 ? '---' : '---:'))),
  ...rows.map((row) => markdownLine(row ?? headings.map(() => ''))),
  ...notes.flatMap((note) => ['', note]),
];

const escaped = (text: string): string =>
  text
    .replace(/[%&_#$]/g, '\\$&')
    // These signs are mathematics and must not be escaped.
    .replaceAll('±', '$\\pm$')
    .replaceAll('<', '$<$')
    .replaceAll(
      /[⁰¹²³⁴⁵⁶⁷⁸⁹]+/g,
      (mark) => `\\textsuperscript{${[...mark].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(digit)).join('')}}`,
    )
    // Of a number below zero only: hyphens of names stay hyphens.
    .replaceAll(/(?<![\w)])-(?=\d)/g, '$-$');
const latexLine = (cells: readonly string[]): string => `${cells.map(escaped).join(' & ')} \\\\`;

/** Lines of a LaTeX table (booktabs), footnotes below it. */
export const latexLines = (
  headings: readonly string[],
  rows: readonly TableRow[],
  notes: readonly string[] = [],
): readonly string[] => [
  `\\begin{tabular}{l${'r'.repeat(headings.length - 1)}}`,
  '\\toprule',
  latexLine(headings),
  '\\midrule',
  ...rows.map((row) => (row === null ? '\\midrule' : latexLine(row))),
  '\\bottomrule',
  '\\end{tabular}',
  ...notes.map((note) => `\\par{\\footnotesize ${escaped(note)}}`),
];

/** Three digits, the precision at which differences between folds begin to mean something. */
export const digits = (value: number): string => value.toFixed(3);

/** " [low, high]" after a number; nothing where the interval is undefined. */
export const intervalText = (interval: readonly [number, number] | null): string =>
  interval === null ? '' : ` [${interval.map(digits).join(', ')}]`;
