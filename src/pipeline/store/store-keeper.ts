/** The folders of a store that hold its files. In a bucket they are the beginnings of the keys. */
export type StorePart = 'blobs' | 'artifacts' | 'checkpoints';

/** A file of a store, with its key (layout.ts). */
export interface StoredObject {
  readonly key: string;
  /** The last part of the key. */
  readonly name: string;
  readonly bytes: number;
  readonly changedMs: number;
}

/** What `store verify`, `store repair` and `store gc` need from a store, which is a folder or a bucket. */
export interface StoreKeeper {
  /** The folder, or `s3://bucket/prefix`. */
  readonly uri: string;
  /** How many objects are read at once. */
  readonly atOnce: number;
  /** What `setAside` does, as a word in messages. */
  readonly aside: 'set aside' | 'removed';
  /** The place of an object, for messages. */
  placeOf(key: string): string;
  /** All objects of a part. */
  list(part: StorePart): Promise<readonly StoredObject[]>;
  /** The text of a small object. Null if the object does not exist. */
  text(key: string): Promise<string | null>;
  /** Whether the content of an object has this SHA-256. */
  hasContent(key: string, sha256: string): Promise<boolean>;
  /** Sets a damaged object aside, so that its artifact counts as absent. */
  setAside(key: string): Promise<void>;
  remove(key: string): Promise<void>;
  /** The current time in ms, by the clock that stamps the objects. */
  now(): Promise<number>;
}
