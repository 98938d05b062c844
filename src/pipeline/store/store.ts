import { z } from 'zod';
import { staysWithin } from '../core/path-within.js';
import { problemSchema } from '../core/problem.js';
import { stageNames, unitSchema, type Artifact } from '../stage.js';

const hex = z.string().regex(/^[0-9a-f]{64}$/);

export const storedFileSchema = z.object({
  // The name becomes a path in the run directory, so it must not lead out of this directory.
  name: z.string().max(1024).refine(staysWithin, 'leads out of its folder'),
  sha256: hex,
  bytes: z.number().int().min(0),
});
/** A file of an artifact: its name in the artifact, and the hash and length of its content. */
export type StoredFile = z.infer<typeof storedFileSchema>;

/** The record of a computed artifact. A run resumes from the manifests. */
export const manifestSchema = z.object({
  v: z.literal(1),
  id: hex,
  key: z.string(),
  stage: z.enum(stageNames),
  unit: unitSchema,
  /** Version of haf-pipeline that computed the artifact. */
  codeVersion: z.string(),
  files: z.array(storedFileSchema),
  problems: z.array(problemSchema),
  metrics: z.record(z.string(), z.number().nullable()),
  worker: z.string(),
  /** Wall time of the computation. */
  seconds: z.number(),
  /**
   * Maximum memory that the computing process has held so far. For a pool thread, this includes the other threads of
   * its process.
   */
  peakRssMiB: z.number(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Files that must be on this machine: all files of an artifact, or the named ones. */
export interface Wanted {
  readonly manifest: Manifest;
  readonly files?: readonly string[];
}

/** Files held on this machine until they are released. */
export interface Pinned {
  release(): Promise<void>;
}

/**
 * Content-addressed artifacts (docs/stores.md). An artifact exists once its manifest exists. Its files are written
 * before the manifest, each under the hash of its bytes.
 */
export interface ArtifactStore {
  /**
   * The address of the store, for people and for workers of other machines: an absolute folder or
   * `s3://bucket/prefix`.
   */
  readonly uri: string;
  /** The folder on this machine that pool threads and training processes open as a `FileStore`. */
  readonly localRoot: string;
  /**
   * Called once before a process writes. Removes temporary files of killed processes, and checks that the store
   * supports atomic commits.
   * @throws HafError
   */
  sweep(now: number): Promise<void>;
  /**
   * The manifest of a complete artifact, or null. Files are checked for presence and size here, and for content when
   * they are read. With `files`, only the named files must exist.
   */
  manifest(id: string, files?: readonly string[]): Promise<Manifest | null>;
  /**
   * Makes files readable by `open`, here and by a `FileStore` at `localRoot`, and pins them until they are released.
   * @throws HafError HAF_STORE_CORRUPT for a file that is missing or damaged; its artifact then counts as absent
   */
  fetch(wanted: readonly Wanted[]): Promise<Pinned>;
  /**
   * Stores the bytes of one file durably.
   * @throws HafError HAF_STORE_FULL if the disk is full; no partial file is left
   */
  write(name: string, bytes: Uint8Array): Promise<StoredFile>;
  /**
   * Stores a file of any size whose hash is known, unless the store has it already.
   *
   * @throws HafError HAF_DATA_CHANGED if its content has another hash
   */
  writeFile(name: string, path: string, sha256: string): Promise<StoredFile>;
  /**
   * The path of stored content on this machine, with verified content. Null if the store lacks it. Read it at once,
   * because it is not pinned.
   */
  blob(sha256: string): Promise<string | null>;
  /**
   * Makes an artifact exist. The first commit of an id wins: a later commit returns the existing manifest. With
   * `replace` (a forced replay) the earlier manifest is kept beside the new one.
   */
  commit(manifest: Manifest, options?: { replace?: boolean }): Promise<Manifest>;
  /**
   * Read access to fetched files. The hash of a file is checked when this process reads the file for the first time.
   */
  open(manifest: Manifest): Artifact;
  /** The last checkpoint of a training job whose artifact does not exist yet, or null. The reader verifies it. */
  checkpoint(id: string): Promise<Uint8Array | null>;
  /**
   * Stores a checkpoint in place of the artifact's earlier one.
   * @throws HafError HAF_STORE_FULL
   */
  saveCheckpoint(id: string, bytes: Uint8Array): Promise<void>;
  /**
   * Deletes the checkpoint of an artifact, for example because the artifact exists. Does nothing if there is none.
   */
  dropCheckpoint(id: string): Promise<void>;
}

/** The requested files of an artifact. */
export const wantedFiles = ({ manifest, files }: Wanted): readonly StoredFile[] =>
  manifest.files.filter(({ name }) => files?.includes(name) ?? true);

/** The text of a manifest as it is stored. */
export const manifestText = (manifest: Manifest): string => `${JSON.stringify(manifest, null, 2)}\n`;

/** A stored manifest. Null if it is damaged or belongs to another id. */
export function parseManifest(text: string, id: string): Manifest | null {
  try {
    const manifest = manifestSchema.parse(JSON.parse(text));
    return manifest.id === id ? manifest : null;
  } catch {
    return null;
  }
}
