import { HafError } from '../../pipeline/core/errors.js';

/**
 * A fault at one place of a table. If `line` is null, it concerns the whole file; if `column` is null, the whole line.
 */
export interface TableFault {
  readonly file: string;
  /** Line of the file as an editor shows it, counted from 1. */
  readonly line: number | null;
  readonly column: string | null;
  readonly problem: string;
  /** The key of the experiment that may be wrong instead of the file. */
  readonly key?: string;
}

/** The faults of one file, in the order of its lines. */
export const inLineOrder = (faults: readonly TableFault[]): readonly TableFault[] =>
  [...faults].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));

/** Number of faults that are shown. The other faults are only counted. */
const shown = 20;

/** The text of a fault, for example `clinical.csv:12 sex: "x" is not a number`. */
function describe({ file, line, column, problem }: TableFault): string {
  const place = line === null ? file : `${file}:${line}`;
  return column === null ? `${place}: ${problem}` : `${place} ${column}: ${problem}`;
}

/** All faults of all tables as one error, so that the user can repair the files in one pass. Code HAF_TABLE_INVALID. */
export function faultsError(faults: readonly TableFault[]): HafError {
  const lines = faults.slice(0, shown).map((fault) => `\n  ${describe(fault)}`);
  const rest = faults.length > shown ? `\n  ... and ${faults.length - shown} more` : '';
  const count = faults.length === 1 ? 'One problem' : `${faults.length} problems`;
  return new HafError(
    'HAF_TABLE_INVALID',
    `${count} in the tables:${lines.join('')}${rest}\n`,
    `Correct the files at these places${faults.some(({ key }) => key !== undefined) ? ', or the key in the experiment' : ''}; a missing value is an empty cell.`,
    { context: { files: [...new Set(faults.map((fault) => fault.file))], problems: faults.length } },
  );
}
