import { mapAtOnce } from '../core/at-once.js';
import { fileStamp } from '../core/file-stamp.js';
import { HashCache } from './hash-cache.js';

export interface NamingOptions {
  /** File that remembers hashes; null remembers nothing. */
  readonly hashCache: string | null;
  /** Hash every file, whatever is remembered. */
  readonly verify?: boolean;
  /** Told once how much has to be read when that will take a while. */
  readonly onNote?: (text: string) => void;
}

/** What a file is named by: the hash of its content, or why it cannot be read. */
export type ContentName = { readonly sha256: string } | { readonly fault: NodeJS.ErrnoException };

/** Hashing is disk-bound; two files in flight keep the disk busy without thrashing it. */
const hashConcurrency = 2;
/** From here on people wonder what it is doing. */
const worthNoting = 2 ** 31;
/** One file's faults, as opposed to those of a disk that fails. */
const faultsOfOne = ['ENOENT', 'EACCES', 'EPERM', 'ELOOP', 'EISDIR', 'ENOTDIR', 'ENAMETOOLONG', 'EBUSY'];
/** Small files are hashed each time when they are no more than this: it takes under a second. */
const smallBytes = 2 ** 20;
const mostSmall = 2000;

/** Names files by their content, each path once. A file that cannot be read costs only itself. */
export async function nameByContent(
  paths: Iterable<string>,
  { hashCache, verify = false, onNote }: NamingOptions,
): Promise<ReadonlyMap<string, ContentName>> {
  const hashes = HashCache.open(hashCache, { trust: !verify });
  const attempt = async <T>(step: () => T | Promise<T>): Promise<T | NodeJS.ErrnoException> => {
    try {
      return await step();
    } catch (error) {
      const fault = error as NodeJS.ErrnoException;
      if (!faultsOfOne.includes(fault.code ?? '')) throw error;
      return fault;
    }
  };
  const unique = [...new Set(paths)];
  try {
    let bytes = 0;
    const small = new Set<string>();
    for (const path of unique) {
      const look = await attempt(() => ({ size: fileStamp(path).bytes, toRead: hashes.bytesToRead(path) }));
      if (!('size' in look)) continue;
      bytes += look.toRead;
      if (look.size <= smallBytes) small.add(path);
    }
    const always = small.size <= mostSmall;
    if (bytes > worthNoting)
      onNote?.(
        `reading ${(bytes / 2 ** 30).toFixed(1)} GiB of the cohort once, to name its files by content`,
      );
    const names = await mapAtOnce(
      unique,
      hashConcurrency,
      async (path): Promise<readonly [string, ContentName]> => {
        const hash = await attempt(() => hashes.of(path, { always: always && small.has(path) }));
        return [path, typeof hash === 'string' ? { sha256: hash } : { fault: hash }];
      },
    );
    return new Map(names);
  } finally {
    // A terabyte of slides is not read twice because the disk failed at one of them.
    await hashes.save();
  }
}
