import { coloursOnly } from '../core/visible.js';

/** Rows as aligned text columns, header first. Cells that look like numbers are aligned right. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  // `coloursOnly` keeps all colour sequences, because this program may have coloured the cells. So the caller must have
  // replaced the control characters of user text.
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
