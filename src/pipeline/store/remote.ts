/** A small object as it was read; `etag` names this version of it. */
export interface RemoteObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/** An object as a listing shows it. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  /** When it was written, by the clock of the server. */
  readonly changedMs: number;
}

/**
 * Objects by key on another machine, read-after-write consistent: what the cached store needs of S3.
 * Every call @throws HafError HAF_STORE_UNREACHABLE when the other side cannot be reached or refuses.
 */
export interface Remote {
  /** `s3://bucket/prefix`. */
  readonly uri: string;
  /** A whole small object, or null. */
  get(key: string): Promise<RemoteObject | null>;
  /** Downloads an object to a local file and hashes it on the way; null if there is none. */
  getFile(key: string, path: string): Promise<{ readonly sha256: string } | null>;
  /** SHA-256 of an object's content as it arrives; null if there is none. Nothing is kept. */
  hash(key: string): Promise<string | null>;
  /** All objects whose keys begin so. */
  list(prefix: string): AsyncIterable<ListedObject>;
  /** Length of an object, or null if there is none. */
  size(key: string): Promise<number | null>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  /**
   * Uploads a local file, whatever its size; it appears whole or not at all.
   *
   * @throws HafError HAF_DATA_CHANGED when the file does not have the content `sha256`
   */
  putFile(key: string, path: string, sha256: string): Promise<void>;
  /**
   * Writes only over the version seen: `etag` null means that there is no object. False if there is another now, or
   * if someone writes at the same moment. Atomic: of several callers that saw the same version, one gets true.
   *
   * @throws HafError HAF_USAGE when the server knows no conditional writes
   */
  putIf(key: string, bytes: Uint8Array, etag: string | null): Promise<boolean>;
  delete(key: string): Promise<void>;
}
