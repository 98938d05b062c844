import { createHash } from 'node:crypto';
import { existsSync, openSync, readFileSync, readSync, closeSync, renameSync, statSync } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { sha256 } from '../core/canonical-json.js';
import { HafError } from '../core/errors.js';
import type { Artifact } from '../stage.js';
import { manifestSchema, type ArtifactStore, type Manifest, type StoredFile } from './store.js';

/** How bytes reach a temporary file; tests replace it to simulate a full disk. */
export type WriteBytes = (path: string, bytes: Uint8Array) => Promise<void>;

const writeDurably: WriteBytes = async (path, bytes) => {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
};

/** A temporary file this old belongs to a process that died. */
const orphanAgeMs = 24 * 3600_000;
let serial = 0;

/**
 * The store on a file system: `blobs/ab/<sha256>` for content, `artifacts/ab/<id>.json` for manifests, `tmp/` for
 * what is being written. Every file appears by rename after fsync, so a reader never sees half of one.
 */
export class FileStore implements ArtifactStore {
  private readonly verified = new Set<string>();
  readonly root: string;

  constructor(
    root: string,
    private readonly writeBytes: WriteBytes = writeDurably,
  ) {
    this.root = resolve(root);
  }

  /** Removes temporary files that a killed process left behind. */
  async sweep(now: number): Promise<void> {
    const folder = join(this.root, 'tmp');
    if (!existsSync(folder)) return;
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const age = await stat(path).then(
        ({ mtimeMs }) => now - mtimeMs,
        () => 0,
      );
      if (age > orphanAgeMs) await rm(path, { force: true });
    }
  }

  async manifest(id: string): Promise<Manifest | null> {
    let text: string;
    try {
      text = readFileSync(this.manifestPath(id), 'utf8');
    } catch {
      return Promise.resolve(null);
    }
    const manifest = manifestSchema.parse(JSON.parse(text));
    const complete = manifest.files.every(
      ({ sha256, bytes }) => statSync(this.blobPath(sha256), { throwIfNoEntry: false })?.size === bytes,
    );
    return Promise.resolve(complete ? manifest : null);
  }

  async write(name: string, bytes: Uint8Array): Promise<StoredFile> {
    const digest = sha256(bytes);
    const target = this.blobPath(digest);
    if (statSync(target, { throwIfNoEntry: false })?.size !== bytes.byteLength)
      await this.place(target, bytes, rename);
    return { name, sha256: digest, bytes: bytes.byteLength };
  }

  async commit(manifest: Manifest, options: { replace?: boolean } = {}): Promise<Manifest> {
    const path = this.manifestPath(manifest.id);
    const existing = await this.manifest(manifest.id);
    if (existing && !options.replace) return existing;
    if (existsSync(path)) await this.keepEarlier(path);
    const bytes = new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`);
    // link() fails where rename() would overwrite: of two processes that finish the same job, one wins.
    const linkOnce = async (from: string, to: string): Promise<void> => {
      await link(from, to);
      await unlink(from);
    };
    try {
      await this.place(path, bytes, linkOnce);
    } catch (error) {
      const winner = await this.manifest(manifest.id);
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !winner) throw error;
      return winner;
    }
    return manifest;
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
      this.verify(file, manifest.key);
      return this.blobPath(file.sha256);
    };
    return {
      id: manifest.id,
      unit: manifest.unit,
      path,
      bytes: (name) => readFileSync(path(name)),
      json: (name, schema) => schema.parse(JSON.parse(readFileSync(path(name), 'utf8'))),
    };
  }

  private async place(
    target: string,
    bytes: Uint8Array,
    move: (from: string, to: string) => Promise<void>,
  ): Promise<void> {
    const temporary = join(this.root, 'tmp', `${process.pid}-${serial++}-${sha256(target).slice(0, 8)}`);
    try {
      await mkdir(join(this.root, 'tmp'), { recursive: true });
      await mkdir(join(target, '..'), { recursive: true });
      await this.writeBytes(temporary, bytes);
      await move(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOSPC' || code === 'EDQUOT')
        throw new HafError(
          'HAF_STORE_FULL',
          `No space left in the artifact store ${this.root}.`,
          'Free space or choose another disk with --store, then run the same command again: finished work is kept.',
          { cause: error },
        );
      throw error;
    }
  }

  /** Moves the manifest of an earlier generation aside: `<id>.1.json`, `<id>.2.json`, ... */
  private async keepEarlier(path: string): Promise<void> {
    let generation = 1;
    while (existsSync(path.replace(/json$/, `${generation}.json`))) generation++;
    await rename(path, path.replace(/json$/, `${generation}.json`));
  }

  private verify(file: StoredFile, key: string): void {
    if (this.verified.has(file.sha256)) return;
    const path = this.blobPath(file.sha256);
    if (hashFile(path) !== file.sha256) {
      // Out of the way, so that the next run finds it missing and computes it again.
      renameSync(path, `${path}.corrupt`);
      throw new HafError(
        'HAF_STORE_CORRUPT',
        `File ${file.name} of ${key} in the store ${this.root} does not have the content its name promises.`,
        'Run the same command again: the damaged file was set aside and will be computed anew. Check the disk.',
        { context: { sha256: file.sha256 } },
      );
    }
    this.verified.add(file.sha256);
  }

  private blobPath(digest: string): string {
    return join(this.root, 'blobs', digest.slice(0, 2), digest);
  }

  private manifestPath(id: string): string {
    return join(this.root, 'artifacts', id.slice(0, 2), `${id}.json`);
  }
}

/** SHA-256 of a file, read in pieces so that a bag of gigabytes needs no memory. */
function hashFile(path: string): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(4 << 20);
  const file = openSync(path, 'r');
  try {
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk))
      hash.update(chunk.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}
