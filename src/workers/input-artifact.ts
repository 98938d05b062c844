import type { z } from 'zod';
import type { Artifact, Unit } from '../pipeline/stage.js';
import { wantedFiles, type ArtifactStore, type Manifest } from '../pipeline/store/store.js';
import { openable } from './openable.js';
import { timedAccess, type ReadTime } from './timed-access.js';

/**
 * An artifact that a job reads. A job may read a hundred thousand artifacts, so each object is small: it keeps only
 * those files of the manifest that the stage opens, and makes the objects that check and time an access (`openable`,
 * `timedAccess`) anew for each access.
 */
export class InputArtifact implements Artifact {
  readonly id: string;
  readonly unit: Unit;
  private readonly manifest: Manifest;

  /**
   * @param files the files that the stage may open; undefined for all of them
   * @param time sum of the seconds of all accesses; each access adds to it
   */
  constructor(
    manifest: Manifest,
    private readonly files: readonly string[] | undefined,
    private readonly store: Pick<ArtifactStore, 'open'>,
    private readonly time: ReadTime,
  ) {
    this.id = manifest.id;
    this.unit = manifest.unit;
    this.manifest = {
      ...manifest,
      files: [...wantedFiles({ manifest, ...(files ? { files } : {}) })],
      problems: [],
      metrics: {},
    };
  }

  json<T>(file: string, schema: z.ZodType<T>): T {
    return this.opened().json(file, schema);
  }

  bytes(file: string): Uint8Array {
    return this.opened().bytes(file);
  }

  path(file: string): string {
    return this.opened().path(file);
  }

  wait<T>(read: Promise<T>): Promise<T> {
    return this.opened().wait(read);
  }

  private opened(): Artifact {
    return timedAccess(openable(this.store.open(this.manifest), this.files), this.time);
  }
}
