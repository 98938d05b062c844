import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { grouped } from '../core/grouped.js';

/** One path per file, and the further paths to the same files. */
export interface OneWay {
  /** One path for each file, in the given order. */
  readonly names: readonly string[];
  /** The other paths, each with the path that is used instead. */
  readonly aliases: ReadonlyMap<string, string>;
}

/**
 * Selects one path for each file. Links to folders, loops of links and hard links give a file several paths; the
 * shortest path is used. A file under two names keeps both names, because they may belong to two patients.
 *
 * @param names - paths relative to `folder`, or absolute
 */
export function oneWayEach(folder: string, names: readonly string[]): OneWay {
  const unique = [...new Set(names)];
  const same = grouped(unique.map((name) => [identityOf(folder, name), name]));
  const aliases = new Map<string, string>();
  for (const ways of same.values()) {
    const [taken = '', ...others] = [...ways].sort(shorter);
    for (const other of others) aliases.set(other, taken);
  }
  return { names: unique.filter((name) => !aliases.has(name)), aliases };
}

const depth = (name: string): number => name.split('/').length;
const shorter = (a: string, b: string): number =>
  depth(a) - depth(b) || a.length - b.length || (a < b ? -1 : 1);

/**
 * An identity that is equal for two paths of one file with one name. Some file systems assign inode numbers badly, so
 * size and time must also be equal. A link that leads nowhere counts as a separate file.
 */
function identityOf(folder: string, name: string): string {
  try {
    const { dev, ino, size, mtimeNs } = statSync(resolve(folder, name), { bigint: true });
    return ino === 0n ? name : [dev, ino, size, mtimeNs, basename(name)].join('/');
  } catch {
    // If the file cannot be accessed, the job that reads it reports the error.
    return name;
  }
}
