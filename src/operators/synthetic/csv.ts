export type CsvCell = string | number | null;

/** A CSV text: header, rows, a line feed after each; null is an empty cell. No cell of ours needs quotes. */
export const csvText = (header: readonly string[], rows: readonly (readonly CsvCell[])[]): string =>
  [header, ...rows].map((row) => `${row.map((cell) => cell ?? '').join(',')}\n`).join('');
