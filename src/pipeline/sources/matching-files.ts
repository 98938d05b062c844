import { lstat, realpath, stat, type Stats } from 'node:fs';
import { glob, type GlobOptions } from 'tinyglobby';

type Told<T> = (error: NodeJS.ErrnoException | null, value: T) => void;

/** A link that leads nowhere counts as a file; by itself the library passes it over. */
const withBrokenLinks = {
  realpath: (path: string, told: Told<string>) =>
    realpath(path, (error, target) => told(null, error ? path : target)),
  stat: (path: string, told: Told<Stats>) =>
    stat(path, (error, found) => (error ? lstat(path, told) : told(null, found))),
} as NonNullable<GlobOptions['fs']>;

/**
 * The files below a folder that match a pattern, sorted. Links that lead nowhere are among them: slides often are links into
 * an archive, archives are not always mounted, and nothing is left out without a word. A file that several paths lead to may be
 * there several times (`oneWayEach`).
 */
export async function matchingFiles(
  pattern: string,
  folder: string,
  { caseSensitive = true, dot = false }: { readonly caseSensitive?: boolean; readonly dot?: boolean } = {},
): Promise<readonly string[]> {
  const options = {
    ...{ cwd: folder, onlyFiles: true, dot, fs: withBrokenLinks },
    caseSensitiveMatch: caseSensitive,
  };
  // A Mac stores names decomposed (NFD), an editor writes the pattern composed (NFC): both spell the same name.
  const spellings = [...new Set([pattern, pattern.normalize('NFC'), pattern.normalize('NFD')])];
  return [...new Set(await glob(spellings, options))].sort();
}

/** A pattern in which brackets, braces and the like stand for themselves; `*` and `?` keep their meaning. */
export const literalBrackets = (pattern: string): string => pattern.replace(/[[\](){}!+@]/g, '\\$&');

/** The first three of the names, for a message. */
export const examples = (names: readonly string[]): string => names.slice(0, 3).join(', ');
