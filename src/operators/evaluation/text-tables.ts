/** A table with formatted cells, for readers. */
export interface PrintedTable {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const markdownLine = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** A row of a table. null is a separator between groups of rows. */
export type TableRow = readonly string[] | null;

/** Lines of a Markdown table: first column left-aligned, numbers right-aligned, footnotes below. */
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
    // LaTeX needs mathematics mode for ± and <. The `$` of this mode is inserted after escaping, so that it is not
    // escaped.
    .replaceAll('±', '$\\pm$')
    .replaceAll('<', '$<$')
    .replaceAll(
      /[⁰¹²³⁴⁵⁶⁷⁸⁹]+/g,
      (mark) => `\\textsuperscript{${[...mark].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(digit)).join('')}}`,
    )
    // Replaces the minus of a negative number only. Hyphens in names stay hyphens.
    .replaceAll(/(?<![\w)])-(?=\d)/g, '$-$');
const latexLine = (cells: readonly string[]): string => `${cells.map(escaped).join(' & ')} \\\\`;

/** Lines of a LaTeX table (booktabs), with footnotes below. */
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

/** Three decimals: the precision at which differences between folds begin to have a meaning. */
export const digits = (value: number): string => value.toFixed(3);

/** The text " [low, high]" after a number. Empty if the interval is undefined. */
export const intervalText = (interval: readonly [number, number] | null): string =>
  interval === null ? '' : ` [${interval.map(digits).join(', ')}]`;
