import { mapAtOnce } from '../core/at-once.js';
import { fileStamp } from '../core/file-stamp.js';
import { HashCache } from './hash-cache.js';

export interface NamingOptions {
  /** File of remembered hashes. If null, no hash is remembered. */
  readonly hashCache: string | null;
  /** Hash every file and ignore remembered hashes. */
  readonly verify?: boolean;
  /** Called once, if reading will take long, with the amount to read. */
  readonly onNote?: (text: string) => void;
}

/** What identifies a file: the hash of its content, or the reason why it cannot be read. */
export type ContentName = { readonly sha256: string } | { readonly fault: NodeJS.ErrnoException };

/** Hashing is limited by the disk. Two files at once keep the disk busy, and more would make it slower. */
const hashConcurrency = 2;
/** Number of bytes from which hashing takes so long that it is announced. */
const worthNoting = 2 ** 31;
/** Error codes that concern a single file only. Any other code means a fault of the disk or the machine. */
const faultsOfOne = ['ENOENT', 'EACCES', 'EPERM', 'ELOOP', 'EISDIR', 'ENOTDIR', 'ENAMETOOLONG', 'EBUSY'];
/**
 * Size in bytes up to which a file is small. If there are at most `mostSmall` small files, they are hashed in each run,
 * because that takes little time and a remembered hash could be outdated.
 */
const smallBytes = 2 ** 20;
const mostSmall = 2000;

/** Hashes files, each path only once. A file that cannot be read does not affect the others. */
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
      onNote?.(`reading ${(bytes / 2 ** 30).toFixed(1)} GiB of the cohort once, to hash its files`);
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
    // The hashes so far are saved even if the disk failed, so that a terabyte of slides is not read twice.
    await hashes.save();
  }
}
