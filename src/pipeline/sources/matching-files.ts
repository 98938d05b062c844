import { existsSync, lstat, realpath, stat, type Stats } from 'node:fs';
import { join } from 'node:path';
import { glob, type GlobOptions } from 'tinyglobby';
import { HafError } from '../core/errors.js';

type Told<T> = (error: NodeJS.ErrnoException | null, value: T) => void;

/** A link that leads nowhere counts as a file; by itself the library passes it over. */
const withBrokenLinks = {
  realpath: (path: string, told: Told<string>) =>
    realpath(path, (error, target) => told(null, error ? path : target)),
  stat: (path: string, told: Told<Stats>) =>
    stat(path, (error, found) => (error ? lstat(path, told) : told(null, found))),
} as NonNullable<GlobOptions['fs']>;

/**
 * The files below a folder that match a pattern, sorted.
 *
 * @throws HafError HAF_DATA_MISSING for links that lead nowhere, which would else be left out without a word: slides often
 * are links into an archive, and archives are not always mounted
 */
export async function matchingFiles(
  pattern: string,
  folder: string,
  caseSensitiveMatch = true,
): Promise<readonly string[]> {
  const options = { cwd: folder, onlyFiles: true, caseSensitiveMatch, fs: withBrokenLinks };
  const names = (await glob(pattern, options)).sort();
  const broken = names.filter((name) => !existsSync(join(folder, name)));
  if (broken.length === 0) return names;
  const shown = `${broken.slice(0, 5).join(', ')}${broken.length > 5 ? ` and ${broken.length - 5} more` : ''}`;
  throw new HafError(
    'HAF_DATA_MISSING',
    `Links in ${folder} lead to files that are not there: ${shown}.`,
    'Mount the disk that they point at; remove links that are not needed any more.',
    { context: { files: broken } },
  );
}
