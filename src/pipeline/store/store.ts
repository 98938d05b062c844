import { z } from 'zod';
import { problemSchema } from '../core/problem.js';
import { stageNames, unitSchema, type Artifact } from '../stage.js';

const hex = z.string().regex(/^[0-9a-f]{64}$/);

export const storedFileSchema = z.object({ name: z.string(), sha256: hex, bytes: z.number().int() });
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

/**
 * Content-addressed artifacts (docs/architecture.md, "The store"). An artifact exists once its manifest does;
 * files are written before it, each under the hash of its bytes.
 */
export interface ArtifactStore {
  /** The manifest of a complete artifact, or null. Files are checked for presence and size here, for content when read. */
  manifest(id: string): Promise<Manifest | null>;
  /** Stores one file's bytes durably. @throws HafError HAF_STORE_FULL when there is no room; nothing is left behind. */
  write(name: string, bytes: Uint8Array): Promise<StoredFile>;
  /**
   * Makes an artifact exist. The first commit of an id wins: a later one returns the manifest already there.
   * With `replace` (a forced replay) the earlier manifest is kept beside the new one.
   */
  commit(manifest: Manifest, options?: { replace?: boolean }): Promise<Manifest>;
  /** Read access; every file's hash is checked the first time this process reads it. */
  open(manifest: Manifest): Artifact;
  /** What a training job saved last on the way to an artifact, or null. Its reader verifies it. */
  checkpoint(id: string): Promise<Uint8Array | null>;
  /** Keeps a checkpoint in place of the artifact's earlier one. @throws HafError HAF_STORE_FULL */
  saveCheckpoint(id: string, bytes: Uint8Array): Promise<void>;
  /** Forgets the checkpoint of an artifact, for example because the artifact exists; also if there is none. */
  dropCheckpoint(id: string): Promise<void>;
}
