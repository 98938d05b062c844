import { StringCodec, NatsError, type JetStreamManager, type KV } from 'nats';
import { patiently } from './patience.js';
import { workItemBucket } from './names.js';
import { subjectsOf } from './subjects-of.js';
import { workItemSchema, type WorkItem } from './work-item.js';

const text = StringCodec();

/** The server's answer to a write on a revision that is no longer the last. */
const isConflict = (error: unknown): boolean =>
  error instanceof NatsError && (error.api_error?.err_code === 10071 || error.code === '10071');

/** A work item as it was at a revision of its key; revision 0: the key has never been written. */
interface Seen {
  readonly item: WorkItem | null;
  readonly revision: number;
}

const neverSeen: Seen = { item: null, revision: 0 };
/** Work items that are remembered: more than the jobs of a run on the bus at a time. */
const mostRemembered = 4096;

/** The work items of a broker, changed by compare-and-swap. */
export class WorkItems {
  /** What this connection wrote last and expects to find again. Another connection may have changed it since. */
  private readonly written = new Map<string, Seen>();

  constructor(
    private readonly kv: KV,
    private readonly jsm: JetStreamManager,
  ) {}

  /**
   * Changes one work item: `next` is given what stands there and says what should; null or the same object leaves it as it
   * is. Called again when somebody else was quicker, so it must depend on its argument only. Returns what it said last.
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
   * `change` without the read, as long as nobody else has changed the work item: `next` is first given what this connection
   * wrote last. The broker accepts a write only on the last revision, so an outdated memory costs one refused write. A `next`
   * that wants no change is asked again about what stands there.
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
    const entry = await patiently(() => this.kv.get(key));
    if (!entry) return neverSeen;
    return { item: entry.operation === 'PUT' ? parse(entry.string()) : null, revision: entry.revision };
  }

  /** Writes a work item unless it was changed since it was seen. */
  private async swap(key: string, { revision }: Seen, wanted: WorkItem): Promise<boolean> {
    this.written.delete(key);
    try {
      const value = text.encode(JSON.stringify(wanted));
      // A key that was deleted has a revision too; kv.update(key, value, 0) is refused by the client.
      const written = await patiently(() =>
        revision > 0 ? this.kv.update(key, value, revision) : this.kv.create(key, value),
      );
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

  /** Keys of all work items that ever were asked for on this broker and are not forgotten yet. */
  keys(): Promise<readonly string[]> {
    return subjectsOf(this.jsm, workItemBucket);
  }
}

/** A work item that another version wrote counts as none: the artifact is asked for anew. */
function parse(json: string): WorkItem | null {
  try {
    return workItemSchema.parse(JSON.parse(json));
  } catch {
    return null;
  }
}
