import { lstat, readdir, realpath, stat, type Dirent, type Stats } from 'node:fs';
import { relative } from 'node:path';
import { glob, type GlobOptions } from 'tinyglobby';
import { isMachineFault } from '../core/errors.js';
import { replacement } from './why-unreadable.js';

type Told<T> = (error: NodeJS.ErrnoException | null, value: T) => void;

/** A folder that cannot be listed, and the error code of the file system, such as EACCES. */
export interface UnreadableFolder {
  /** Path relative to the searched folder, with `/` at its end. */
  readonly name: string;
  readonly code: string;
}

interface Search {
  readonly caseSensitive?: boolean;
  readonly dot?: boolean;
  /** Called for each folder that the search could not list. */
  readonly onUnreadable?: (folder: UnreadableFolder) => void;
}

/**
 * The file system, as the glob library sees it. A link that leads nowhere counts as a file, and a folder that cannot
 * be listed is reported. Without this, the library would ignore both silently.
 */
const fileSystem = (failed: (path: string, error: NodeJS.ErrnoException) => void) => ({
  readdir: (path: string, options: { withFileTypes: true }, told: Told<Dirent[]>) =>
    readdir(path, options, (error, entries) => {
      if (error) failed(path, error);
      told(error, entries);
    }),
  realpath: (path: string, told: Told<string>) =>
    realpath(path, (error, target) => told(null, error ? path : target)),
  stat: (path: string, told: Told<Stats>) =>
    stat(path, (error, found) => (error ? lstat(path, told) : told(null, found))),
});

/**
 * Whether the folder does not exist, or is a file. This is no fault: a pattern may name a folder that does not exist.
 */
const isAbsent = (name: string, code: string): boolean =>
  code === 'ENOTDIR' || (code === 'ENOENT' && !name.includes(replacement));

/**
 * The files below a folder that match a pattern, sorted. Links that lead nowhere are included: slides often are links
 * into an archive, archives are not always mounted, and nothing may be left out silently. A file with several paths
 * may be listed several times (`oneWayEach`).
 *
 * @throws the error of the file system if the machine is the reason that a folder cannot be listed, such as EMFILE
 */
export async function matchingFiles(
  pattern: string,
  folder: string,
  { caseSensitive = true, dot = false, onUnreadable = () => undefined }: Search = {},
): Promise<readonly string[]> {
  const unreadable = new Map<string, string>();
  const limits: Error[] = [];
  const fs = fileSystem((path, error) => {
    const name = `${relative(folder, path)}/`;
    const code = error.code ?? error.message;
    if (isMachineFault(error)) limits.push(error);
    else if (!isAbsent(name, code)) unreadable.set(name, code);
  });
  const options = {
    ...{ cwd: folder, onlyFiles: true, dot, fs: fs as NonNullable<GlobOptions['fs']> },
    caseSensitiveMatch: caseSensitive,
  };
  // macOS may store accented letters decomposed (NFD), and an editor writes the pattern composed (NFC). These spellings
  // have different bytes, so both are searched.
  const spellings = [...new Set([pattern, pattern.normalize('NFC'), pattern.normalize('NFD')])];
  const names = [...new Set(await glob(spellings, options))].sort();
  const [limit] = limits;
  if (limit !== undefined) throw limit;
  for (const [name, code] of [...unreadable].sort()) onUnreadable({ name, code });
  return names;
}

/**
 * A pattern in which brackets, braces and similar characters are escaped, so that they match literally. `*` and `?`
 * stay wildcards.
 */
export const literalBrackets = (pattern: string): string => pattern.replace(/[[\](){}!+@]/g, '\\$&');

/** The first three of the names, for a message. */
export const exampleNames = (names: readonly string[]): string => names.slice(0, 3).join(', ');
