import { join, resolve } from 'node:path';
import { HafError } from '../pipeline/core/errors.js';
import { stampIfThere } from '../pipeline/core/file-stamp.js';
import { HashCache } from '../pipeline/sources/hash-cache.js';
import type { SourceFile } from '../pipeline/stage.js';
import type { ArtifactStore } from '../pipeline/store/store.js';

/**
 * Finds the user's files that a job reads on this machine. Places are tried in this order: below `data` by name; the path on the
 * machine that planned the run; the store, by content. A path is returned only if the file has the content that the job names.
 *
 * @throws HafError HAF_DATA_CHANGED for a file with other content; HAF_DATA_MISSING for missing files, with all of them in one error
 */
export async function locateSources(
  sources: readonly SourceFile[],
  data: string | null,
  store: Pick<ArtifactStore, 'blob' | 'uri'>,
): Promise<SourceFile[]> {
  const located: SourceFile[] = [];
  const missing: SourceFile[] = [];
  for (const source of sources) {
    const path = await locate(source, data, store);
    if (path === null) missing.push(source);
    else located.push({ ...source, path });
  }
  if (missing.length === 0) return located;
  const places = missing.map(({ name, path }) =>
    [...(data === null ? [] : [resolve(data, name)]), path].filter(unique).join(', '),
  );
  throw new HafError(
    'HAF_DATA_MISSING',
    `Files of the cohort cannot be read on this machine (places looked at): ${places.join('; ')}; by content in the store ${store.uri}.`,
    'Start the worker with --data DIR, the folder that holds the cohort here; or let "haf-pipeline up --share-data" put the cohort into the store.',
    { context: { files: missing.map(({ name }) => name) } },
  );
}

async function locate(
  source: SourceFile,
  data: string | null,
  store: Pick<ArtifactStore, 'blob'>,
): Promise<string | null> {
  const here = data === null ? null : resolve(join(data, source.name));
  if (here !== null) {
    const content = await contentOf(here);
    if (content === source.sha256) return here;
    // If `--data` is given and holds other content, fail instead of searching elsewhere.
    if (content !== null) throw hasOtherContent(source, here);
  }
  const there = here === source.path ? null : await contentOf(source.path);
  if (there === source.sha256) return source.path;
  const shared = await store.blob(source.sha256);
  if (shared === null && there !== null) throw hasOtherContent(source, source.path);
  return shared;
}

const hasOtherContent = ({ name, sha256 }: SourceFile, path: string): HafError =>
  new HafError(
    'HAF_DATA_CHANGED',
    `${name} does not have the content the run was planned with: ${path} has changed since, or is another file.`,
    'If it was edited, run the same command again: it will plan with the new content. If this machine holds other data, correct --data.',
    { context: { path, sha256 } },
  );

/**
 * Remembers the state of the files.
 *
 * @returns a function to call after the job has read the files. It throws HafError HAF_DATA_CHANGED when one of them has changed
 */
export function watchSources(sources: readonly SourceFile[]): () => void {
  const watched = sources.map((source) => ({ source, before: stampIfThere(source.path)?.text }));
  return () => {
    for (const { source, before } of watched) {
      const now = stampIfThere(source.path)?.text;
      if (now !== undefined && now !== before) throw hasOtherContent(source, source.path);
    }
  };
}

/** Hashes that this process has computed. A retried job need not read gigabytes again. */
const hashes = HashCache.open(null);

/**
 * Hash of a file's content. While another process writes the file: a text that equals no hash. Null if no readable file
 * is there.
 */
async function contentOf(path: string): Promise<string | null> {
  try {
    return await hashes.of(path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EBUSY') return 'being written to';
    if (unreadable.includes(code)) return null;
    throw error;
  }
}

const unreadable = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM'];
const unique = (place: string, at: number, places: readonly string[]): boolean =>
  places.indexOf(place) === at;
