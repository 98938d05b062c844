import { StringCodec, type JetStreamManager, type KV } from 'nats';
import { busMemberSchema, type BusMember, type Membership } from '../member.js';
import { memberBucket, token } from './names.js';
import { withRetries } from './retry.js';
import { subjectsOf } from './subjects-of.js';

/** Time to live of a member's key. A member that is silent for longer is treated as gone. */
export const presenceMs = 45_000;
const text = StringCodec();

/**
 * The members of the bus, in a KV bucket whose keys expire. The broker's clock decides when a key expires, because the
 * clocks of the machines may differ.
 */
export class Presence {
  constructor(
    private readonly kv: KV,
    private readonly jsm: JetStreamManager,
  ) {}

  async join(member: BusMember): Promise<Membership> {
    let [present, left] = [member, false];
    const key = token(member.id);
    const put = (): Promise<unknown> => this.kv.put(key, text.encode(JSON.stringify(present)));
    await withRetries(put);
    const beat = setInterval(() => void put().catch(() => undefined), presenceMs / 3).unref();
    return {
      update: async (change) => {
        present = { ...present, ...change };
        if (!left) await put();
      },
      leave: async () => {
        left = true;
        clearInterval(beat);
        await this.kv.delete(key);
      },
    };
  }

  async members(): Promise<readonly BusMember[]> {
    const keys = await subjectsOf(this.jsm, memberBucket);
    const entries = await Promise.all(keys.map((key) => withRetries(() => this.kv.get(key))));
    return entries.flatMap((entry) => {
      if (entry?.operation !== 'PUT') return [];
      try {
        const member = busMemberSchema.parse(JSON.parse(entry.string()));
        return [{ ...member, seen: entry.created.toISOString() }];
      } catch {
        // Another version of the pipeline wrote this entry in a form that this version cannot read. It is left out.
        return [];
      }
    });
  }
}
