import { basename } from 'node:path';
import { stemOf } from '../../pipeline/core/file-name.js';
import { grouped } from '../../pipeline/core/grouped.js';

/** A name in normalised form: composed letters, `/` between folders, no `./` in front. */
export const ownName = (name: string): string =>
  name
    .normalize('NFC')
    .replaceAll('\\', '/')
    .replace(/^(\.\/+)+/, '');

/** A name with its ending in lower case. `HE_1.SVS` and `HE_1.svs` are one slide unless both exist. */
const lowerEnding = (name: string): string => name.replace(/\.[^./]*$/, (ending) => ending.toLowerCase());

/** Which row belongs to which slide. */
export interface SlideNames<R> {
  readonly rowOf: ReadonlyMap<string, R>;
  /** Rows that match no slide. */
  readonly unmatched: readonly R[];
}

/**
 * Assigns each slide its row: by path, otherwise by file name, otherwise by stem. A row that matches no slide is
 * compared again by path and file name, ignoring the case of the ending. This match counts only if it is unique.
 */
export function slideNames<R extends { readonly file: string }>(
  rows: readonly R[],
  files: readonly string[],
): SlideNames<R> {
  const byName = new Map(rows.map((row) => [ownName(row.file), row]));
  const rowOf = new Map<string, R>();
  for (const file of files) {
    const own = ownName(file);
    const row = byName.get(own) ?? byName.get(basename(own)) ?? byName.get(stemOf(own));
    if (row !== undefined) rowOf.set(file, row);
  }
  const spelled = grouped(
    files.flatMap((file) =>
      [...new Set([ownName(file), basename(ownName(file))])].map(
        (name) => [lowerEnding(name), file] as const,
      ),
    ),
  );
  const fits = new Set(
    files.flatMap((file) => [ownName(file), basename(ownName(file)), stemOf(ownName(file))]),
  );
  const unmatched: R[] = [];
  for (const row of rows) {
    const name = ownName(row.file);
    if (fits.has(name)) continue;
    const [file, ...others] = spelled.get(lowerEnding(name)) ?? [];
    if (file !== undefined && others.length === 0 && !rowOf.has(file)) rowOf.set(file, row);
    else unmatched.push(row);
  }
  return { rowOf, unmatched };
}
