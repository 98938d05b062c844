import { from, lastValueFrom, mergeMap, toArray } from 'rxjs';
import { HashCache } from './hash-cache.js';

export interface NamingOptions {
  /** File that remembers hashes; null remembers nothing. */
  readonly hashCache: string | null;
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
const faultsOfOne = ['ENOENT', 'EACCES', 'EPERM', 'ELOOP', 'EISDIR', 'ENOTDIR', 'ENAMETOOLONG'];

/** Names files by their content, each path once. A file that cannot be read costs only itself. */
export async function nameByContent(
  paths: Iterable<string>,
  { hashCache, onNote }: NamingOptions,
): Promise<ReadonlyMap<string, ContentName>> {
  const hashes = await HashCache.open(hashCache);
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
    for (const path of unique) {
      const size = await attempt(() => hashes.bytesToRead(path));
      if (typeof size === 'number') bytes += size;
    }
    if (bytes > worthNoting)
      onNote?.(
        `reading ${(bytes / 2 ** 30).toFixed(1)} GiB of the cohort once, to name its files by content`,
      );
    const work = from(unique).pipe(
      mergeMap(async (path): Promise<readonly [string, ContentName]> => {
        const hash = await attempt(() => hashes.of(path));
        return [path, typeof hash === 'string' ? { sha256: hash } : { fault: hash }];
      }, hashConcurrency),
      toArray(),
    );
    return new Map(await lastValueFrom(work, { defaultValue: [] }));
  } finally {
    // A terabyte of slides is not read twice because the disk failed at one of them.
    await hashes.save();
  }
}
