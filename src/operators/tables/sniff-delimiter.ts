import { splitCells } from './split-cells.js';
import { cellText } from './cell-text.js';

/**
 * Candidates for the delimiter, from the rarest to the most common inside cells. The comma is last, because titles and
 * decimal numbers contain commas.
 */
const candidates = ['\t', ';', '|', ','] as const;
const rowsLookedAt = 20;

/**
 * Detects the delimiter of a text; quotes are respected. A candidate wins if one cell of the header is exactly a name of the id
 * column; otherwise if most rows have as many cells as the header. Among equal candidates, the one that is rarer inside cells wins:
 * tab, semicolon, bar, comma. A text with a single column gets the comma.
 */
export function sniffDelimiter(bytes: Buffer, idNames: readonly string[]): string {
  const names = new Set(idNames);
  let best: { delimiter: string; score: number } = { delimiter: ',', score: 0 };
  for (const delimiter of candidates) {
    const { starts, firstOf, lines } = splitCells(bytes, delimiter.charCodeAt(0), rowsLookedAt);
    if (lines.length === 0) continue;
    const widths = Array.from(lines, (_, row) => (firstOf[row + 1] ?? 0) - (firstOf[row] ?? 0) - 1);
    const width = widths[0] ?? 0;
    if (width < 2) continue;
    let named = false;
    for (let cell = 0; cell < width && !named; cell++)
      named = names.has(cellText(bytes, starts[cell] ?? 0, (starts[cell + 1] ?? 0) - 1));
    const equal = widths.filter((other) => other === width).length / widths.length;
    const score = (named ? 2 : 0) + equal;
    if (score > best.score) best = { delimiter, score };
  }
  return best.delimiter;
}

const directive = /^sep=(.)\r?$/i;

/** Excel's own first line `sep=;`: the delimiter that it names and the position where the table begins, or null. */
export function excelDirective(bytes: Buffer): { readonly delimiter: string; readonly begin: number } | null {
  const lineFeed = bytes.subarray(0, 16).indexOf(10);
  const named = lineFeed < 0 ? undefined : directive.exec(bytes.toString('latin1', 0, lineFeed))?.[1];
  return named === undefined ? null : { delimiter: named, begin: lineFeed + 1 };
}
