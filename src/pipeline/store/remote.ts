/** A small object with its content. `etag` names this version of it. */
export interface RemoteObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/** An object, as a listing returns it. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  /** Time of the last write, by the clock of the server. */
  readonly changedMs: number;
}

/**
 * Objects by key on another machine: the operations that the cached store needs from S3. Reads must be consistent
 * after writes.
 * @throws HafError HAF_STORE_UNREACHABLE from every call, if the server cannot be reached or refuses the call
 */
export interface Remote {
  /** The address of the bucket and the prefix of all keys: `s3://bucket/prefix`. */
  readonly uri: string;
  /** The content of a small object. Null if the object does not exist. */
  get(key: string): Promise<RemoteObject | null>;
  /** Downloads an object to a local file and hashes it meanwhile. Null if the object does not exist. */
  getFile(key: string, path: string): Promise<{ readonly sha256: string } | null>;
  /**
   * SHA-256 of an object's content, computed while it is received. Null if the object does not exist. Nothing is
   * stored.
   */
  hash(key: string): Promise<string | null>;
  /** All objects whose keys begin with the prefix. */
  list(prefix: string): AsyncIterable<ListedObject>;
  /** Length of an object in bytes, or null if it does not exist. */
  size(key: string): Promise<number | null>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  /**
   * Uploads a local file of any size. The object appears only when it is complete.
   *
   * @throws HafError HAF_DATA_CHANGED if the content of the file does not have the hash `sha256`
   */
  putFile(key: string, path: string, sha256: string): Promise<void>;
  /**
   * Writes an object by compare-and-swap: only if the version in the bucket is `etag`, or, with null, if the bucket has
   * no such object. Returns false if the version is another one, or if another process writes at the same moment. Of
   * several callers that saw the same version, exactly one gets true.
   *
   * @throws HafError HAF_USAGE if the server does not support conditional writes
   */
  putIf(key: string, bytes: Uint8Array, etag: string | null): Promise<boolean>;
  delete(key: string): Promise<void>;
}
