/** The folders of a store that hold what it keeps; the same in a bucket. */
export type StorePart = 'blobs' | 'artifacts' | 'checkpoints';

/** A file of a store, by its key (layout.ts). */
export interface StoredObject {
  readonly key: string;
  /** The last part of the key. */
  readonly name: string;
  readonly bytes: number;
  readonly changedMs: number;
}

/** What `store verify`, `store repair` and `store gc` need of a store: a folder, or a bucket. */
export interface StoreKeeper {
  /** The folder, or `s3://bucket/prefix`. */
  readonly uri: string;
  /** How many objects are read at once. */
  readonly atOnce: number;
  /** What `setAside` does, for people. */
  readonly aside: 'set aside' | 'removed';
  /** Where a person finds an object. */
  placeOf(key: string): string;
  /** All objects of a part. */
  list(part: StorePart): Promise<readonly StoredObject[]>;
  /** The text of a small object; null if it is gone. */
  text(key: string): Promise<string | null>;
  /** Whether an object has the content of this SHA-256. */
  hasContent(key: string, sha256: string): Promise<boolean>;
  /** Takes a damaged object out of the way, so that its artifact counts as absent. */
  setAside(key: string): Promise<void>;
  remove(key: string): Promise<void>;
  /** The time in ms by the clock that stamps the objects. */
  now(): Promise<number>;
}
