import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { copyFile, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { sha256 } from '../core/canonical-json.js';
import { HafError, reasonOf } from '../core/errors.js';
import { stampIfThere } from '../core/file-stamp.js';
import { nameOnce } from './name-once.js';
import type { Artifact } from '../stage.js';
import { hashFile } from '../sources/hash-file.js';
import { copyVerified, hashOfFile } from './content.js';
import { blobKey, checkpointKey, manifestKey } from './layout.js';
import { placeStoreFile, writeDurably, type WriteBytes } from './place-file.js';
import { claimStoreFolder, sweepTemporary } from './store-folder.js';
import {
  manifestText,
  parseManifest,
  wantedFiles,
  type ArtifactStore,
  type Manifest,
  type Pinned,
  type StoredFile,
} from './store.js';

/**
 * The store on a file system: `blobs/ab/<sha256>` for content, `artifacts/ab/<id>.json` for manifests, `tmp/` for files that are
 * being written. Every file appears by a rename after fsync, so a reader never sees half a file.
 */
export class FileStore implements ArtifactStore {
  /** The stamps (size, times) that files had when their content was verified. A file with another stamp is verified again. */
  private readonly verified = new Map<string, string>();
  private claimed: Promise<void> | null = null;
  readonly root: string;
  readonly uri: string;
  readonly localRoot: string;

  constructor(
    root: string,
    private readonly writeBytes: WriteBytes = writeDurably,
  ) {
    this.root = this.uri = this.localRoot = resolve(root);
  }

  /** @throws HafError HAF_PATH_UNUSABLE if the folder holds files that are not of a store */
  async sweep(now: number): Promise<void> {
    await this.claim();
    await sweepTemporary(this.root, now);
  }

  manifest(id: string, files?: readonly string[]): Promise<Manifest | null> {
    return new Promise((resolve) => resolve(this.look(id, this.manifestPath(id), files).complete));
  }

  fetch(): Promise<Pinned> {
    return Promise.resolve({ release: () => Promise.resolve() });
  }

  async write(name: string, bytes: Uint8Array): Promise<StoredFile> {
    const digest = sha256(bytes);
    const target = this.blobPath(digest);
    // An existing file of the right size may still be damaged, so `blob` compares its content with the hash.
    if ((await this.blob(digest)) === null) await this.place(target, bytes);
    return { name, sha256: digest, bytes: bytes.byteLength };
  }

  async writeFile(name: string, path: string, digest: string): Promise<StoredFile> {
    const { size: bytes } = await stat(path);
    const target = this.blobPath(digest);
    if ((await this.blob(digest)) === null)
      await this.placeNew(target, (temporary) => copyVerified(path, temporary, digest));
    return { name, sha256: digest, bytes };
  }

  async blob(digest: string): Promise<string | null> {
    const path = this.blobPath(digest);
    const stamp = stampOf(path);
    if (stamp === null) return null;
    if (this.verified.get(digest) === stamp) return path;
    if ((await hashFile(path)) !== digest) {
      setAside(path);
      return null;
    }
    this.verified.set(digest, stamp);
    return path;
  }

  async commit(manifest: Manifest, options: { replace?: boolean } = {}): Promise<Manifest> {
    const path = this.manifestPath(manifest.id);
    const { found, complete } = this.look(manifest.id);
    if (complete && !options.replace) return complete;
    const bytes = new TextEncoder().encode(manifestText(manifest));
    let winner = manifest;
    await this.place(path, bytes, async (temporary) => {
      const earlier = found && (await this.keepEarlier(path));
      // Without `replace`, only the damaged manifest seen above is replaced, and not a manifest that was committed since.
      const between = earlier && !options.replace ? this.look(manifest.id, earlier).complete : null;
      if (earlier && !between) return rename(temporary, path);
      if (earlier) await rm(earlier);
      // If two processes finish the same job, the first one wins. rename() would overwrite its manifest.
      if (await nameOnce(temporary, path)) return;
      const other = this.look(manifest.id).complete;
      if (!other) throw disturbed(path);
      winner = other;
    });
    return winner;
  }

  open(manifest: Manifest): Artifact {
    const fileOf = (name: string): StoredFile => {
      const file = manifest.files.find((candidate) => candidate.name === name);
      if (!file)
        throw new Error(
          `Artifact ${manifest.key} has no file ${name}: ${manifest.files.map((f) => f.name).join(', ')}`,
        );
      return file;
    };
    const path = (name: string): string => {
      const file = fileOf(name);
      this.verify(file, manifest);
      return this.blobPath(file.sha256);
    };
    return {
      id: manifest.id,
      unit: manifest.unit,
      path,
      bytes: (name) => readFileSync(path(name)),
      wait: (read) => read,
      json: (name, schema) => {
        const text = readFileSync(path(name), 'utf8');
        try {
          return schema.parse(JSON.parse(text));
        } catch (error) {
          throw this.unreadable(manifest, name, error);
        }
      },
    };
  }

  async checkpoint(id: string): Promise<Uint8Array | null> {
    try {
      return await readFile(this.checkpointPath(id));
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async saveCheckpoint(id: string, bytes: Uint8Array): Promise<void> {
    // No fsync: after a power failure the lost epochs are trained again. Readers recognise a damaged checkpoint.
    await this.placeNew(this.checkpointPath(id), (temporary) => writeFile(temporary, bytes));
  }

  async dropCheckpoint(id: string): Promise<void> {
    const path = this.checkpointPath(id);
    if (existsSync(path)) await rm(path, { force: true });
  }

  /** `found`: the manifest of an id. `complete`: the same manifest, or null if one of its files is missing. */
  private look(
    id: string,
    path = this.manifestPath(id),
    files?: readonly string[],
  ): { readonly found: Manifest | null; readonly complete: Manifest | null } {
    const found = this.readManifest(id, path);
    const wanted = found ? wantedFiles({ manifest: found, ...(files ? { files } : {}) }) : [];
    const complete = wanted.every(
      ({ sha256, bytes }) => statSync(this.blobPath(sha256), { throwIfNoEntry: false })?.size === bytes,
    );
    return { found, complete: complete ? found : null };
  }

  private readManifest(id: string, path: string): Manifest | null {
    let text: string;
    try {
      // Usually the file does not exist. Testing for it is cheaper than an exception.
      if (statSync(path, { throwIfNoEntry: false }) === undefined) return null;
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if (isMissing(error)) return null;
      throw new HafError(
        'HAF_STORE_CORRUPT',
        `${path} in the artifact store cannot be read: ${reasonOf(error)}.`,
        'Check its permissions and the disk, or choose another store with --store.',
        { cause: error },
      );
    }
    const manifest = parseManifest(text, id);
    // The manifest is damaged, or belongs to another id. It is set aside, so that the artifact is computed again.
    if (!manifest) setAside(path);
    return manifest;
  }

  /** Writes bytes durably to a temporary file and then gives the file its name by `move`. */
  private place(
    target: string,
    bytes: Uint8Array,
    move?: (temporary: string) => Promise<void>,
  ): Promise<void> {
    return this.placeNew(target, (temporary) => this.writeBytes(temporary, bytes), move);
  }

  private async placeNew(
    target: string,
    write: (temporary: string) => Promise<void>,
    move?: (temporary: string) => Promise<void>,
  ): Promise<void> {
    await this.claim();
    await placeStoreFile(this.root, target, write, move);
  }

  /**
   * Gives the manifest of an earlier generation a second name: `<id>.1.json`, `<id>.2.json`, ... The earlier manifest
   * also keeps its first name until the new manifest is renamed over it. Null if the earlier manifest no longer exists.
   */
  private async keepEarlier(path: string): Promise<string | null> {
    for (let generation = 1; ; generation++) {
      const kept = path.replace(/json$/, `${generation}.json`);
      const copy = join(this.root, 'tmp', randomUUID());
      try {
        await copyFile(path, copy);
        if (await nameOnce(copy, kept)) return kept;
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      } finally {
        await rm(copy, { force: true });
      }
    }
  }

  /** Marks the folder as a store before the first file is written. */
  private claim(): Promise<void> {
    this.claimed ??= claimStoreFolder(this.root).catch((error: unknown) => {
      this.claimed = null;
      throw error;
    });
    return this.claimed;
  }

  private verify(file: StoredFile, { id, key }: Manifest): void {
    const path = this.blobPath(file.sha256);
    const stamp = stampOf(path);
    if (stamp !== null && this.verified.get(file.sha256) === stamp) return;
    if (hashOfFile(path) !== file.sha256) {
      // Sets the file aside, so that the next run finds it missing and computes it again.
      setAside(path);
      throw new HafError(
        'HAF_STORE_CORRUPT',
        `The content of file ${file.name} of ${key} in the store ${this.root} does not match its hash.`,
        'Run the same command again: the damaged file was set aside and will be computed again. Check the disk.',
        { context: { artifact: id, sha256: file.sha256 } },
      );
    }
    if (stamp !== null) this.verified.set(file.sha256, stamp);
  }

  private unreadable({ id, key }: Manifest, file: string, error: unknown): HafError {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : reasonOf(error);
    return new HafError(
      'HAF_STORE_CORRUPT',
      `File ${file} of artifact ${key} in the store does not have the content that the stage reading it expects: ${why}.`,
      `Another version may have written it: delete ${this.manifestPath(id)} and run the same command again.`,
      { context: { artifact: id, key, file }, cause: error },
    );
  }

  private blobPath(digest: string): string {
    return join(this.root, blobKey(digest));
  }

  private checkpointPath(id: string): string {
    return join(this.root, checkpointKey(id));
  }

  private manifestPath(id: string): string {
    return join(this.root, manifestKey(id));
  }
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** A text that changes when the file is written to. Null if the file does not exist. */
const stampOf = (path: string): string | null => stampIfThere(path)?.text ?? null;

/** Renames a damaged file. Another process may have found the same damage and renamed it first. */
function setAside(path: string): void {
  try {
    renameSync(path, `${path}.corrupt`);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

const disturbed = (path: string): HafError =>
  new HafError(
    'HAF_STORE_CORRUPT',
    `${path} was created by another process and cannot be read.`,
    'Run the same command again, and check that nothing else writes to the store.',
  );
