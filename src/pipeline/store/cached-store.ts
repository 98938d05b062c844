import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mapAtOnce } from '../core/at-once.js';
import { HafError } from '../core/errors.js';
import type { Artifact } from '../stage.js';
import { CacheRoom } from './cache-room.js';
import { FileStore } from './file-store.js';
import { blobKey, checkpointKey, manifestKey } from './layout.js';
import { placeStoreFile } from './place-file.js';
import type { Remote, RemoteObject } from './remote.js';
import {
  manifestText,
  parseManifest,
  wantedFiles,
  type ArtifactStore,
  type Manifest,
  type Pinned,
  type StoredFile,
  type Wanted,
} from './store.js';

const transfersAtOnce = 4;
const lookupsAtOnce = 16;
/**
 * Maximum number of attempts of a download. A download may be cut or corrupted: its hash then differs from its name.
 */
const downloadTries = 3;
/**
 * Maximum number of attempts of a commit. An attempt fails if another process writes the manifest of the same artifact
 * in the meantime.
 */
const commitTries = 20;

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/**
 * What the remote store has under an id. `object`: the stored bytes and their version. `found`: the manifest in these
 * bytes, or null if there is no valid one. `complete`: the same manifest, or null if one of its files is missing.
 */
interface Look {
  readonly object: RemoteObject | null;
  readonly found: Manifest | null;
  readonly complete: Manifest | null;
}

/**
 * A store on another machine, with a local cache. The remote store is the source of truth: manifests are always read
 * there. The cache is a `FileStore` of limited size with the files that were fetched or written here.
 */
export class CachedStore implements ArtifactStore {
  readonly uri: string;
  readonly localRoot: string;
  private readonly local: FileStore;
  private readonly room: CacheRoom;
  private readonly downloads = new Map<string, Promise<boolean>>();

  constructor(
    private readonly remote: Remote,
    cache: string,
    cacheBytes: number,
  ) {
    this.local = new FileStore(cache);
    this.uri = remote.uri;
    this.localRoot = this.local.root;
    this.room = new CacheRoom(this.localRoot, cacheBytes);
  }

  async sweep(now: number): Promise<void> {
    await this.local.sweep(now);
    const probe = [
      'conditional-write-probe',
      encode('haf-pipeline tries out conditional writes here.\n'),
    ] as const;
    // Tests whether the server supports conditional writes. The first write creates the probe object, once in the life
    // of a store. The object exists then, so the later writes must fail.
    await this.remote.putIf(...probe, null);
    if ((await this.remote.putIf(...probe, null)) || (await this.remote.putIf(...probe, '"of no version"')))
      throw new HafError(
        'HAF_USAGE',
        `The server of the store ${this.uri} ignores the conditions of conditional writes (If-None-Match, If-Match): two workers could both commit one result.`,
        'Use a server that supports them (docs/stores.md), or a shared folder.',
      );
  }

  async manifest(id: string, files?: readonly string[]): Promise<Manifest | null> {
    return (await this.look(id, files)).complete;
  }

  async fetch(wanted: readonly Wanted[]): Promise<Pinned> {
    const files = wanted.flatMap((artifact) =>
      wantedFiles(artifact).map((file) => ({ file, of: artifact.manifest })),
    );
    const pinned = await this.room.pin(files.map(({ file }) => file.sha256));
    try {
      let downloaded = false;
      await mapAtOnce(files, transfersAtOnce, async ({ file, of }) => {
        if (await this.room.touch(file.sha256, file.bytes)) return;
        if (!(await this.download(file.sha256))) throw this.lost(file, of);
        downloaded = true;
      });
      await mapAtOnce(wanted, lookupsAtOnce, ({ manifest }) => this.keepManifest(manifest));
      if (downloaded) await this.room.trim();
      return pinned;
    } catch (error) {
      await pinned.release();
      throw error;
    }
  }

  async write(name: string, bytes: Uint8Array): Promise<StoredFile> {
    const file = await this.local.write(name, bytes);
    await this.upload(file);
    return file;
  }

  async writeFile(name: string, path: string, sha256: string): Promise<StoredFile> {
    const { size: bytes } = await stat(path);
    // The file is uploaded directly from its place: a copy in the cache would need the disk space twice.
    if ((await this.remote.size(blobKey(sha256))) !== bytes)
      await this.remote.putFile(blobKey(sha256), path, sha256);
    return { name, sha256, bytes };
  }

  async blob(sha256: string): Promise<string | null> {
    if (await this.room.touch(sha256)) {
      const path = await this.local.blob(sha256);
      if (path !== null) return path;
    }
    return (await this.download(sha256)) ? join(this.localRoot, blobKey(sha256)) : null;
  }

  async commit(manifest: Manifest, options: { replace?: boolean } = {}): Promise<Manifest> {
    const { complete } = await this.look(manifest.id);
    if (complete && !options.replace) return complete;
    const pinned = await this.room.pin(manifest.files.map(({ sha256 }) => sha256));
    try {
      await mapAtOnce(manifest.files, transfersAtOnce, (file) => this.upload(file));
      return await this.publish(manifest, options.replace ?? false);
    } finally {
      await pinned.release();
      await this.room.trim();
    }
  }

  open(manifest: Manifest): Artifact {
    return this.local.open(manifest);
  }

  async checkpoint(id: string): Promise<Uint8Array | null> {
    return (await this.remote.get(checkpointKey(id)))?.bytes ?? null;
  }

  saveCheckpoint(id: string, bytes: Uint8Array): Promise<void> {
    return this.remote.put(checkpointKey(id), bytes);
  }

  async dropCheckpoint(id: string): Promise<void> {
    // Training processes write checkpoints to the folder of the cache too, so the checkpoint is removed at both places.
    await this.local.dropCheckpoint(id);
    await this.remote.delete(checkpointKey(id));
  }

  private async look(id: string, files?: readonly string[]): Promise<Look> {
    const object = await this.remote.get(manifestKey(id));
    const found = object && parseManifest(decode(object.bytes), id);
    if (!found) return { object, found, complete: null };
    const wanted = wantedFiles({ manifest: found, ...(files ? { files } : {}) });
    const there = await Promise.all(
      wanted.map(async ({ sha256, bytes }) => (await this.remote.size(blobKey(sha256))) === bytes),
    );
    return { object, found, complete: there.every(Boolean) ? found : null };
  }

  /**
   * Writes a manifest by compare-and-swap over the version that was seen: none, a damaged one, or with `replace` an
   * earlier one.
   */
  private async publish(manifest: Manifest, replace: boolean): Promise<Manifest> {
    const text = manifestText(manifest);
    for (let left = commitTries; left > 0; left--) {
      const { object, found, complete } = await this.look(manifest.id);
      // The existing manifest is our own if the answer to an earlier attempt was lost, or that of another worker that
      // committed first.
      if (complete && (!replace || manifestText(complete) === text)) return complete;
      if (object && found) await this.keepEarlier(manifest.id, object.bytes);
      if (await this.remote.putIf(manifestKey(manifest.id), encode(text), object?.etag ?? null))
        return manifest;
    }
    throw new HafError(
      'HAF_STORE_UNREACHABLE',
      `${manifest.key} could not be committed to ${this.uri}: ${commitTries} conditional writes in a row were refused.`,
      'Check the server, then run the same command again.',
    );
  }

  private async keepEarlier(id: string, bytes: Uint8Array): Promise<void> {
    for (let generation = 1; ; generation++)
      if (await this.remote.putIf(manifestKey(id, generation), bytes, null)) return;
  }

  private async upload(file: StoredFile): Promise<void> {
    const key = blobKey(file.sha256);
    if ((await this.remote.size(key)) === file.bytes) return;
    await this.remote.putFile(key, join(this.localRoot, key), file.sha256);
  }

  /**
   * Downloads a blob into the cache, at most once at a time per hash. False if the blob is missing or damaged in the
   * remote store.
   */
  private download(digest: string): Promise<boolean> {
    const running = this.downloads.get(digest);
    if (running) return running;
    const download = this.tryDownload(digest).finally(() => this.downloads.delete(digest));
    this.downloads.set(digest, download);
    return download;
  }

  private async tryDownload(digest: string): Promise<boolean> {
    for (let left = downloadTries; left > 0; left--) {
      try {
        const received = await this.receive(digest);
        if (received === null || received === digest) return received === digest;
      } catch (error) {
        if (left === 1 || !(error instanceof HafError && error.retryable)) throw error;
      }
    }
    // The remote blob is damaged. It is deleted, so that its artifact counts as absent and is computed again.
    await this.remote.delete(blobKey(digest));
    return false;
  }

  /**
   * The hash of the received content, or null if the object does not exist. The file is kept only if the hash is
   * right.
   */
  private async receive(digest: string): Promise<string | null> {
    const target = join(this.localRoot, blobKey(digest));
    let received: string | null = null;
    await placeStoreFile(
      this.localRoot,
      target,
      async (temporary) => {
        received = (await this.remote.getFile(blobKey(digest), temporary))?.sha256 ?? null;
      },
      async (temporary) => {
        if (received === digest) await rename(temporary, target);
      },
    );
    return received;
  }

  /**
   * Writes the current manifest to the local root, where a `FileStore` finds it. It may differ from an earlier one
   * after a forced replay.
   */
  private async keepManifest(manifest: Manifest): Promise<void> {
    const path = join(this.localRoot, manifestKey(manifest.id));
    const text = manifestText(manifest);
    if ((await readFile(path, 'utf8').catch(() => null)) === text) return;
    await placeStoreFile(this.localRoot, path, (temporary) => writeFile(temporary, text));
  }

  private lost({ name, sha256 }: StoredFile, { id, key }: Manifest): HafError {
    return new HafError(
      'HAF_STORE_CORRUPT',
      `File ${name} of ${key} is missing from the store ${this.uri}, or was damaged there and has been removed.`,
      'Run the same command again: the missing file will be computed again.',
      { context: { artifact: id, sha256 } },
    );
  }
}
