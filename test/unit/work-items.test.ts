import { JSONCodec, NatsError, type JetStreamManager, type KvEntry } from 'nats';
import { describe, expect, it } from 'vitest';
import { workItemKey } from '../../src/pipeline/bus/job.js';
import { asked, claimed, settled, type WorkItem } from '../../src/pipeline/bus/nats/work-item.js';
import { WorkItems } from '../../src/pipeline/bus/nats/work-items.js';
import { doneEvent } from '../support/job-events.js';
import { testJob } from '../support/jobs.js';

/** A bucket in memory. As on the server, a write succeeds only on the last revision. `calls` lists the calls. */
class Bucket {
  readonly calls: string[] = [];
  private readonly values = new Map<string, { readonly data: Uint8Array; readonly revision: number }>();
  private revision = 0;

  get(key: string): Promise<KvEntry | null> {
    this.calls.push('get');
    const value = this.values.get(key);
    const entry = value && {
      ...{ operation: 'PUT', revision: value.revision },
      string: () => new TextDecoder().decode(value.data),
    };
    return Promise.resolve((entry ?? null) as KvEntry | null);
  }

  put(key: string, data: Uint8Array, expected: number): Promise<number> {
    this.calls.push('put');
    if ((this.values.get(key)?.revision ?? 0) !== expected)
      return Promise.reject(new NatsError('wrong last sequence', '10071'));
    this.values.set(key, { data, revision: ++this.revision });
    return Promise.resolve(this.revision);
  }
}

const connectionTo = (bucket: Bucket): WorkItems => new WorkItems(bucket, {} as JetStreamManager);
const job = testJob('a');
const key = workItemKey(job);
const delivery = { job, ticket: 1, seq: 7, worker: 'w', holder: 'mine' };
const end = { id: 'end', event: doneEvent('a') };
const claim = (item: WorkItem | null): WorkItem | null => {
  const found = claimed(item, delivery, 10);
  return found.kind === 'mine' ? found.item : null;
};

describe('work items on a broker', () => {
  it('cost three writes and no read on the way through one connection', async () => {
    const bucket = new Bucket();
    const items = connectionTo(bucket);
    await items.changeExpected(key, (item) => asked(item, job));
    await items.changeExpected(key, claim);
    const done = await items.changeExpected(key, (item) => settled(item, 'mine', end));
    expect(done).toMatchObject({ state: 'settled', end: { id: 'end' } });
    expect(bucket.calls).toEqual(['put', 'put', 'put']);
    expect(await items.get(key)).toEqual(JSONCodec<WorkItem>().decode(JSONCodec().encode(done)));
  });

  it('are what stands on the broker, whatever a connection remembers', async () => {
    const bucket = new Bucket();
    const [one, other] = [connectionTo(bucket), connectionTo(bucket)];
    await one.changeExpected(key, (item) => asked(item, job));
    await other.changeExpected(key, (item) => asked(item, testJob('a', { run: 'run-2' })));
    // `one` has cached the item with run-1 only; `other` has added run-2 since. The change by `one` must keep both runs.
    expect(await one.changeExpected(key, claim)).toMatchObject({ runs: ['run-1', 'run-2'], holder: 'mine' });
    const heirs = (item: WorkItem | null): WorkItem | null => item && { ...item, holder: 'heir' };
    await other.change(key, heirs);
    expect(await one.changeExpected(key, (item) => settled(item, 'mine', end))).toBeNull();
    expect(await one.get(key)).toMatchObject({ state: 'running', holder: 'heir' });
  });

  it('are read before a decision to leave them as they are', async () => {
    const bucket = new Bucket();
    const [one, other] = [connectionTo(bucket), connectionTo(bucket)];
    await one.changeExpected(key, (item) => asked(item, job));
    await one.changeExpected(key, claim);
    await other.change(key, (item) => item && { ...item, state: 'queued', holder: null, message: null });
    // `one` has cached an old work item, which says that another worker holds the job. `changeExpected` must read the
    // current item from the store, or the claim would be refused.
    const later = { ...delivery, seq: 8, holder: 'later' };
    const taken = await one.changeExpected(key, (item) => {
      const found = claimed(item, later, 10);
      return found.kind === 'mine' ? found.item : null;
    });
    expect(taken).toMatchObject({ holder: 'later', message: 8 });
  });
});
