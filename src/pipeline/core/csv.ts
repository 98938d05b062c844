export type CsvCell = string | number | boolean | null | undefined;

/** Spreadsheets take such a text for a formula and compute it; a number is none. */
const isFormula = (text: string): boolean =>
  /^[=+\-@]/.test(text) && text.length > 1 && Number.isNaN(Number(text));

function cellText(cell: CsvCell): string {
  const plain = cell === null || cell === undefined ? '' : String(cell);
  const text = typeof cell === 'string' && isFormula(plain) ? `'${plain}` : plain;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The text of a cell that `csvLine` may have put an apostrophe before. */
export const writtenText = (cell: string): string =>
  cell.startsWith("'") && isFormula(cell.slice(1)) ? cell.slice(1) : cell;

/**
 * One line of a CSV file, quoted as RFC 4180 says; null is an empty cell, numbers keep full precision. A text that a spreadsheet
 * would take for a formula gets an apostrophe in front.
 */
export const csvLine = (cells: readonly CsvCell[]): string => `${cells.map(cellText).join(',')}\n`;

/** Rows as CSV, header first. */
export const csvText = (header: readonly string[], rows: readonly (readonly CsvCell[])[]): string =>
  [header, ...rows].map(csvLine).join('');
