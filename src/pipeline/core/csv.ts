export type CsvCell = string | number | boolean | null | undefined;

/** Whether a spreadsheet would evaluate the text as a formula. A number is not a formula. */
const isFormula = (text: string): boolean =>
  /^[=+\-@]/.test(text) && text.length > 1 && Number.isNaN(Number(text));

function cellText(cell: CsvCell): string {
  const plain = cell === null || cell === undefined ? '' : String(cell);
  const text = typeof cell === 'string' && isFormula(plain) ? `'${plain}` : plain;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The original text of a cell. `csvLine` may have put an apostrophe in front of it. */
export const writtenText = (cell: string): string =>
  cell.startsWith("'") && isFormula(cell.slice(1)) ? cell.slice(1) : cell;

/**
 * One line of a CSV file, quoted according to RFC 4180. null is an empty cell; numbers keep full precision. A text
 * that a spreadsheet would take for a formula gets an apostrophe in front.
 */
export const csvLine = (cells: readonly CsvCell[]): string => `${cells.map(cellText).join(',')}\n`;

/** Rows as CSV, header first. */
export const csvText = (header: readonly string[], rows: readonly (readonly CsvCell[])[]): string =>
  [header, ...rows].map(csvLine).join('');
