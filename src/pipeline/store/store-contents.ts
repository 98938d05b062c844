import { lstat, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile } from '../sources/hash-file.js';
import { parseManifest, type Manifest } from './store.js';

/** A file below `blobs`, `artifacts` or `checkpoints`. */
export interface StoredPath {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  readonly changedMs: number;
}

/** The files of one part of a store folder, those that were set aside (`.corrupt`) among them. */
export async function filesOf(
  root: string,
  part: 'blobs' | 'artifacts' | 'checkpoints',
): Promise<readonly StoredPath[]> {
  const folder = join(root, part);
  const found: StoredPath[] = [];
  for (const prefix of await namesIn(folder))
    for (const name of await namesIn(join(folder, prefix))) {
      const path = join(folder, prefix, name);
      const stats = await lstat(path).catch(() => null);
      if (stats?.isFile() === true && name.startsWith(prefix))
        found.push({ path, name, bytes: stats.size, changedMs: Math.max(stats.mtimeMs, stats.ctimeMs) });
    }
  return found;
}

const namesIn = (folder: string): Promise<readonly string[]> =>
  readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });

/** What is wrong with a file of a store, and which jobs' results it takes with it. */
export interface Damage {
  readonly path: string;
  readonly what: 'content' | 'manifest' | 'missing';
  readonly jobs: readonly string[];
}

export interface Verified {
  readonly blobs: number;
  readonly artifacts: number;
  readonly bytes: number;
  readonly damage: readonly Damage[];
}

const contentName = /^[0-9a-f]{64}$/;
const manifestName = /^([0-9a-f]{64})(\.\d+)?\.json$/;

/** Reads a whole store folder: hashes all content, parses all manifests, and looks for what they name. */
export async function verifyFolder(root: string): Promise<Verified> {
  const manifests: Manifest[] = [];
  const damage: Damage[] = [];
  for (const { path, name } of await filesOf(root, 'artifacts')) {
    const [, id, generation] = manifestName.exec(name) ?? [];
    if (id === undefined) continue;
    const manifest = parseManifest(await readFile(path, 'utf8'), id);
    if (!manifest) damage.push({ path, what: 'manifest', jobs: [] });
    // Of what a replay took the place of, nothing is read any more.
    else if (generation === undefined) manifests.push(manifest);
  }
  const readers = new Map<string, Set<string>>();
  for (const { key, files } of manifests)
    for (const { sha256 } of files) readers.set(sha256, (readers.get(sha256) ?? new Set()).add(key));
  const jobsOf = (sha256: string): readonly string[] => [...(readers.get(sha256) ?? [])];
  const there = new Set<string>();
  let bytes = 0;
  for (const blob of await filesOf(root, 'blobs')) {
    if (!contentName.test(blob.name)) continue;
    there.add(blob.name);
    bytes += blob.bytes;
    if ((await hashFile(blob.path)) !== blob.name)
      damage.push({ path: blob.path, what: 'content', jobs: jobsOf(blob.name) });
  }
  for (const sha256 of readers.keys())
    if (!there.has(sha256))
      damage.push({
        path: join(root, 'blobs', sha256.slice(0, 2), sha256),
        what: 'missing',
        jobs: jobsOf(sha256),
      });
  return { blobs: there.size, artifacts: manifests.length, bytes, damage };
}

/** Sets damaged files aside, as a run does that meets them, so that their artifacts count as absent and are made again. */
export async function setDamageAside(damage: readonly Damage[]): Promise<void> {
  for (const { path, what } of damage)
    if (what !== 'missing') await rename(path, `${path}.corrupt`).catch(ifThere);
}

/** What `collectable` keeps: artifact ids, and content that recipes name. */
export interface Needed {
  readonly ids: ReadonlySet<string>;
  readonly content: ReadonlySet<string>;
}

/** Files younger than this may belong to a run under way somewhere else. */
export const youngMs = 3600_000;

/** The files of a store that nothing needed reads, and that are not young. */
export async function collectable(root: string, needed: Needed, now: number): Promise<readonly StoredPath[]> {
  const kept = new Set([...needed.content, ...needed.ids]);
  const found: StoredPath[] = [];
  const old = ({ changedMs }: StoredPath): boolean => now - changedMs > youngMs;
  for (const file of await filesOf(root, 'artifacts')) {
    const id = manifestName.exec(file.name)?.[1];
    const manifest = id === undefined ? null : parseManifest(await readFile(file.path, 'utf8'), id);
    const keep = manifest !== null && (needed.ids.has(manifest.id) || !old(file));
    if (keep) for (const { sha256 } of manifest.files) kept.add(sha256);
    else if (old(file)) found.push(file);
  }
  for (const part of ['blobs', 'checkpoints'] as const)
    found.push(...(await filesOf(root, part)).filter((file) => !kept.has(file.name) && old(file)));
  return found;
}

/** Removes files of a store; manifests come first in `collectable`, so that none is left without its content. */
export async function removeAll(files: readonly StoredPath[]): Promise<void> {
  for (const { path } of files) await rm(path, { force: true });
}

const ifThere = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'ENOENT') throw error;
};
