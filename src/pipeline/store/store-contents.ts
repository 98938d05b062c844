import { mapAtOnce } from '../core/at-once.js';
import { blobKey } from './layout.js';
import { parseManifest, type Manifest } from './store.js';
import type { StoredObject, StoreKeeper } from './store-keeper.js';

/** A fault of a file in a store, and the jobs whose results need this file. */
export interface Damage {
  readonly key: string;
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

/** Verifies a whole store: hashes all content, parses all manifests, and checks that the files they name exist. */
export async function verifyContents(store: StoreKeeper): Promise<Verified> {
  const manifests: Manifest[] = [];
  const damage: Damage[] = [];
  await mapAtOnce(await store.list('artifacts'), store.atOnce, async ({ key, name }) => {
    const [, id, generation] = manifestName.exec(name) ?? [];
    const text = id === undefined ? null : await store.text(key);
    if (id === undefined || text === null) return;
    const manifest = parseManifest(text, id);
    if (!manifest) damage.push({ key, what: 'manifest', jobs: [] });
    // Manifests that a replay replaced are not checked, because nothing reads their files any more.
    else if (generation === undefined) manifests.push(manifest);
  });
  const readers = new Map<string, Set<string>>();
  for (const { key, files } of manifests)
    for (const { sha256 } of files) readers.set(sha256, (readers.get(sha256) ?? new Set()).add(key));
  const jobsOf = (sha256: string): readonly string[] => [...(readers.get(sha256) ?? [])].sort();
  const blobs = (await store.list('blobs')).filter(({ name }) => contentName.test(name));
  await mapAtOnce(blobs, store.atOnce, async ({ key, name }) => {
    if (!(await store.hasContent(key, name))) damage.push({ key, what: 'content', jobs: jobsOf(name) });
  });
  const there = new Set(blobs.map(({ name }) => name));
  for (const sha256 of readers.keys())
    if (!there.has(sha256)) damage.push({ key: blobKey(sha256), what: 'missing', jobs: jobsOf(sha256) });
  const bytes = blobs.reduce((sum, blob) => sum + blob.bytes, 0);
  return { blobs: there.size, artifacts: manifests.length, bytes, damage };
}

/**
 * Sets damaged files aside, in the same way as a run that finds damage. Then their artifacts count as absent and are
 * computed again.
 */
export async function setDamageAside(store: StoreKeeper, damage: readonly Damage[]): Promise<void> {
  for (const { key, what } of damage) if (what !== 'missing') await store.setAside(key);
}

/** What `collectable` keeps: artifact ids, and content that recipes name. */
export interface Needed {
  readonly ids: ReadonlySet<string>;
  readonly content: ReadonlySet<string>;
}

/** Minimum age, in ms, of removed files. A younger file may belong to a run that is executed elsewhere. */
export const youngMs = 3600_000;

/** The files of a store that nothing in `needed` refers to, and that are not young at the time `now`. */
export async function collectable(
  store: StoreKeeper,
  needed: Needed,
  now: number,
): Promise<readonly StoredObject[]> {
  const kept = new Set([...needed.content, ...needed.ids]);
  const found: StoredObject[] = [];
  const old = ({ changedMs }: StoredObject): boolean => now - changedMs > youngMs;
  // Content is listed before the manifests. A manifest that is written in between then protects the content it names.
  const contents = [...(await store.list('blobs')), ...(await store.list('checkpoints'))];
  await mapAtOnce(await store.list('artifacts'), store.atOnce, async (file) => {
    const id = manifestName.exec(file.name)?.[1];
    const text = id === undefined ? null : await store.text(file.key);
    const manifest = id === undefined || text === null ? null : parseManifest(text, id);
    const keep = manifest !== null && (needed.ids.has(manifest.id) || !old(file));
    if (keep) for (const { sha256 } of manifest.files) kept.add(sha256);
    else if (old(file)) found.push(file);
  });
  return [...found, ...contents.filter((file) => !kept.has(file.name) && old(file))];
}

/**
 * Removes files of a store in the given order. `collectable` lists manifests first, so that no manifest remains
 * without its content.
 */
export async function removeAll(store: StoreKeeper, files: readonly StoredObject[]): Promise<void> {
  for (const { key } of files) await store.remove(key);
}
