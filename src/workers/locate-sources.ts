import { join, resolve } from 'node:path';
import { HafError } from '../pipeline/core/errors.js';
import { stampIfThere } from '../pipeline/core/file-stamp.js';
import { HashCache } from '../pipeline/sources/hash-cache.js';
import type { SourceFile } from '../pipeline/stage.js';
import type { ArtifactStore } from '../pipeline/store/store.js';

/**
 * The user's files a job reads, with paths of this machine: below `data` by name, else where they lay when the run
 * was planned, else in the store by content. A path is returned only for the content the job names.
 *
 * @throws HafError HAF_DATA_CHANGED for a file of other content, HAF_DATA_MISSING for files that are nowhere (all at once)
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
    // Whoever names a folder means it: other data there is a mistake to hear of, not to work around.
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
 * To be called when the job has read its files.
 *
 * @returns throws HafError HAF_DATA_CHANGED when one of them was changed since they were located
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

/** Hashes of files of this process, so that a job tried again does not read gigabytes again. */
const hashes = HashCache.open(null);

/** The hash of a file's content; null for what is no readable file. */
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
