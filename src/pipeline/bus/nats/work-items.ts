import { StringCodec, NatsError, type JetStreamManager, type KV } from 'nats';
import type { Requests } from './requests.js';
import { withRetries } from './retry.js';
import { workItemBucket } from './names.js';
import { subjectsOf } from './subjects-of.js';
import { workItemSchema, type WorkItem } from './work-item.js';

const text = StringCodec();

/** Whether the server refused a write because the revision is no longer the last one (compare-and-swap failed). */
const isConflict = (error: unknown): boolean =>
  error instanceof NatsError && (error.api_error?.err_code === 10071 || error.code === '10071');

/** A work item at a revision of its key. Revision 0: the key has never been written. */
interface Seen {
  readonly item: WorkItem | null;
  readonly revision: number;
}

const neverSeen: Seen = { item: null, revision: 0 };
/** Number of work items that this process remembers. A run has fewer jobs on the bus at a time. */
const mostRemembered = 4096;

/** The bucket of the work items. */
export interface Bucket {
  get: KV['get'];
  /**
   * Writes a key if `revision` is still the revision of its last value. Revision 0: the key has never been written.
   *
   * @returns the new revision
   */
  put(key: string, value: Uint8Array, revision: number): Promise<number>;
}

/** A bucket that writes by `Requests`, because this is faster than the client's own KV write. */
export const bucketOf = (kv: KV, requests: Requests): Bucket => ({
  get: (key) => kv.get(key),
  put: (key, value, revision) =>
    requests.append(`$KV.${workItemBucket}.${key}`, value, { lastSeq: revision }),
});

/** The work items of a broker, changed by compare-and-swap. */
export class WorkItems {
  /** The last write of this connection for each key. Another connection may have changed the key since. */
  private readonly written = new Map<string, Seen>();

  constructor(
    private readonly kv: Bucket,
    private readonly jsm: JetStreamManager,
  ) {}

  /**
   * Changes one work item by compare-and-swap. `next` receives the present item and returns the new one; null or the
   * same object changes nothing. `next` is called again when another process wrote first, so it must depend on its
   * argument only.
   *
   * @returns the last result of `next`
   */
  async change(key: string, next: (item: WorkItem | null) => WorkItem | null): Promise<WorkItem | null> {
    for (;;) {
      const seen = await this.look(key);
      const wanted = next(seen.item);
      if (wanted === null || wanted === seen.item) return wanted;
      if (await this.swap(key, seen, wanted)) return wanted;
    }
  }

  /**
   * `change` without the read (optimistic): `next` first receives what this connection wrote last. The broker accepts a
   * write on the last revision only, so outdated memory costs one refused write. When `next` wants no change, it is
   * called again with the item that the broker holds.
   */
  async changeExpected(
    key: string,
    next: (item: WorkItem | null) => WorkItem | null,
  ): Promise<WorkItem | null> {
    const seen = this.written.get(key) ?? neverSeen;
    const wanted = next(seen.item);
    if (wanted !== null && wanted !== seen.item && (await this.swap(key, seen, wanted))) return wanted;
    return this.change(key, next);
  }

  private async look(key: string): Promise<Seen> {
    const entry = await withRetries(() => this.kv.get(key));
    if (!entry) return neverSeen;
    return { item: entry.operation === 'PUT' ? parse(entry.string()) : null, revision: entry.revision };
  }

  /** Writes a work item if its revision is still the seen one (compare-and-swap). */
  private async swap(key: string, { revision }: Seen, wanted: WorkItem): Promise<boolean> {
    this.written.delete(key);
    try {
      const value = text.encode(JSON.stringify(wanted));
      const written = await withRetries(() => this.kv.put(key, value, revision));
      if (wanted.state === 'queued' || wanted.state === 'running')
        this.remember(key, { item: wanted, revision: written });
      return true;
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
  }

  private remember(key: string, seen: Seen): void {
    this.written.set(key, seen);
    if (this.written.size <= mostRemembered) return;
    const [oldest] = this.written.keys();
    if (oldest !== undefined) this.written.delete(oldest);
  }

  async get(key: string): Promise<WorkItem | null> {
    return (await this.look(key)).item;
  }

  /** Keys of all work items on this broker that have not expired. */
  keys(): Promise<readonly string[]> {
    return subjectsOf(this.jsm, workItemBucket);
  }
}

/**
 * Null for a work item that another version of haf-pipeline wrote. The caller treats the item as absent and requests
 * the artifact again.
 */
function parse(json: string): WorkItem | null {
  try {
    return workItemSchema.parse(JSON.parse(json));
  } catch {
    return null;
  }
}
