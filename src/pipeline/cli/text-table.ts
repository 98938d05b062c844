import { coloursOnly } from '../core/visible.js';

/** Rows as aligned text columns, header first; numbers-looking cells are aligned right. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  // Cells may be coloured by us; what a user wrote is made visible by whoever prints them.
  const all = [header, ...rows].map((row) => row.map(coloursOnly));
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        /^[-+]?[\d.]+( |$)/.test(cell)
          ? cell.padStart(widths[column] ?? 0)
          : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
}
