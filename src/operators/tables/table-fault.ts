import { HafError } from '../../pipeline/core/errors.js';

/** One thing that is wrong at one place of a table. Null: the file, or the line, as a whole. */
export interface TableFault {
  readonly file: string;
  /** Line of the file as an editor shows it, from 1. */
  readonly line: number | null;
  readonly column: string | null;
  readonly problem: string;
}

/** The faults of one file, in the order of its lines. */
export const inLineOrder = (faults: readonly TableFault[]): readonly TableFault[] =>
  [...faults].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));

/** As many faults as fit a terminal; the rest is counted. */
const shown = 20;

/** `clinical.csv:12 sex: "x" is not a number` */
function describe({ file, line, column, problem }: TableFault): string {
  const place = line === null ? file : `${file}:${line}`;
  return column === null ? `${place}: ${problem}` : `${place} ${column}: ${problem}`;
}

/** All faults of all tables as one error, so that a user repairs the files once. Code HAF_TABLE_INVALID. */
export function faultsError(faults: readonly TableFault[]): HafError {
  const lines = faults.slice(0, shown).map((fault) => `\n  ${describe(fault)}`);
  const rest = faults.length > shown ? `\n  ... and ${faults.length - shown} more` : '';
  const count = faults.length === 1 ? 'One problem' : `${faults.length} problems`;
  return new HafError(
    'HAF_TABLE_INVALID',
    `${count} in the tables:${lines.join('')}${rest}\n`,
    'Correct the files at these places; a missing value is an empty cell.',
    { context: { files: [...new Set(faults.map((fault) => fault.file))], problems: faults.length } },
  );
}
