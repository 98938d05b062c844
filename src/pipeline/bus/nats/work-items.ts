import { StringCodec, NatsError, type JetStreamManager, type KV } from 'nats';
import { patiently } from './patience.js';
import { workItemBucket } from './names.js';
import { subjectsOf } from './subjects-of.js';
import { workItemSchema, type WorkItem } from './work-item.js';

const text = StringCodec();

/** The server's answer to a write on a revision that is no longer the last. */
const isConflict = (error: unknown): boolean =>
  error instanceof NatsError && (error.api_error?.err_code === 10071 || error.code === '10071');

/** The work items of a broker, changed by compare-and-swap. */
export class WorkItems {
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
      const entry = await patiently(() => this.kv.get(key));
      const present = entry?.operation === 'PUT' ? parse(entry.string()) : null;
      const wanted = next(present);
      if (wanted === null || wanted === present) return wanted;
      try {
        // A key that was deleted has a revision too; kv.update(key, value, 0) is refused by the client.
        await patiently(() => {
          const value = text.encode(JSON.stringify(wanted));
          return entry ? this.kv.update(key, value, entry.revision) : this.kv.create(key, value);
        });
        return wanted;
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
  }

  async get(key: string): Promise<WorkItem | null> {
    const entry = await patiently(() => this.kv.get(key));
    return entry?.operation === 'PUT' ? parse(entry.string()) : null;
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
