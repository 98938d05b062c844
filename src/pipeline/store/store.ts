import { z } from 'zod';
import { staysWithin } from '../core/path-within.js';
import { problemSchema } from '../core/problem.js';
import { stageNames, unitSchema, type Artifact } from '../stage.js';

const hex = z.string().regex(/^[0-9a-f]{64}$/);

export const storedFileSchema = z.object({
  // It becomes a path of the run directory.
  name: z.string().max(1024).refine(staysWithin, 'leads out of its folder'),
  sha256: hex,
  bytes: z.number().int().min(0),
});
/** A file of an artifact, by content. */
export type StoredFile = z.infer<typeof storedFileSchema>;

/** What is known of a computed artifact: the truth a run resumes from. */
export const manifestSchema = z.object({
  v: z.literal(1),
  id: hex,
  key: z.string(),
  stage: z.enum(stageNames),
  unit: unitSchema,
  /** Version of haf-pipeline that computed it. */
  codeVersion: z.string(),
  files: z.array(storedFileSchema),
  problems: z.array(problemSchema),
  metrics: z.record(z.string(), z.number().nullable()),
  worker: z.string(),
  /** Wall time of the computation. */
  seconds: z.number(),
  /** Most memory the computing process has held so far; a pool thread shares its process with others. */
  peakRssMiB: z.number(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Files to have on this machine: all of an artifact, or the named ones. */
export interface Wanted {
  readonly manifest: Manifest;
  readonly files?: readonly string[];
}

/** Files held on this machine until they are released. */
export interface Pinned {
  release(): Promise<void>;
}

/**
 * Content-addressed artifacts (docs/stores.md). An artifact exists once its manifest does; files are written before
 * it, each under the hash of its bytes.
 */
export interface ArtifactStore {
  /** Where it lies, for people and for the workers of other machines: an absolute folder or `s3://bucket/prefix`. */
  readonly uri: string;
  /** The folder on this machine that threads and training processes open as a `FileStore`. */
  readonly localRoot: string;
  /**
   * Once, before a process writes: clears away what killed processes left, and refuses a store that cannot hold
   * what `commit` promises. @throws HafError
   */
  sweep(now: number): Promise<void>;
  /**
   * The manifest of a complete artifact, or null. Files are checked for presence and size here, for content when
   * read. With `files`, only these need be there.
   */
  manifest(id: string, files?: readonly string[]): Promise<Manifest | null>;
  /**
   * Makes files readable by `open`, here and by a `FileStore` at `localRoot`, and keeps them so until they are
   * released. @throws HafError HAF_STORE_CORRUPT for a file that is gone or damaged; then its artifact counts as absent.
   */
  fetch(wanted: readonly Wanted[]): Promise<Pinned>;
  /** Stores one file's bytes durably. @throws HafError HAF_STORE_FULL when there is no room; nothing is left behind. */
  write(name: string, bytes: Uint8Array): Promise<StoredFile>;
  /**
   * Stores a file of any size whose hash is known, unless it is there already.
   *
   * @throws HafError HAF_DATA_CHANGED when its content is another
   */
  writeFile(name: string, path: string, sha256: string): Promise<StoredFile>;
  /** The path on this machine of stored content, verified; null if the store does not have it. Read it at once: nothing pins it. */
  blob(sha256: string): Promise<string | null>;
  /**
   * Makes an artifact exist. The first commit of an id wins: a later one returns the manifest already there.
   * With `replace` (a forced replay) the earlier manifest is kept beside the new one.
   */
  commit(manifest: Manifest, options?: { replace?: boolean }): Promise<Manifest>;
  /** Read access to what is fetched; every file's hash is checked the first time this process reads it. */
  open(manifest: Manifest): Artifact;
  /** What a training job saved last on the way to an artifact, or null. Its reader verifies it. */
  checkpoint(id: string): Promise<Uint8Array | null>;
  /** Keeps a checkpoint in place of the artifact's earlier one. @throws HafError HAF_STORE_FULL */
  saveCheckpoint(id: string, bytes: Uint8Array): Promise<void>;
  /** Forgets the checkpoint of an artifact, for example because the artifact exists; also if there is none. */
  dropCheckpoint(id: string): Promise<void>;
}

/** The files of an artifact that a reader wants. */
export const wantedFiles = ({ manifest, files }: Wanted): readonly StoredFile[] =>
  manifest.files.filter(({ name }) => files?.includes(name) ?? true);

/** The text of a manifest as it is stored. */
export const manifestText = (manifest: Manifest): string => `${JSON.stringify(manifest, null, 2)}\n`;

/** A stored manifest; null for a torn one, and for one that is not of the id under which it lies. */
export function parseManifest(text: string, id: string): Manifest | null {
  try {
    const manifest = manifestSchema.parse(JSON.parse(text));
    return manifest.id === id ? manifest : null;
  } catch {
    return null;
  }
}
