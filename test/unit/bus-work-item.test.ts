import { describe, expect, it } from 'vitest';
import {
  asked,
  claimed,
  requeued,
  settled,
  type Delivery,
  type WorkItem,
} from '../../src/pipeline/bus/nats/work-item.js';
import { doneEvent } from '../support/job-events.js';
import { testJob } from '../support/jobs.js';

const job = testJob('a');
const queued = asked(null, job);
const delivery = (changes: Partial<Delivery> = {}): Delivery => ({
  ...{ job, ticket: 1, seq: 7, worker: 'w', holder: 'mine' },
  ...changes,
});
const itemOf = (item: WorkItem, changes: Partial<Delivery> = {}): WorkItem => {
  const claim = claimed(item, delivery(changes), 10);
  if (claim.kind !== 'mine') throw new Error(claim.kind);
  return claim.item;
};

describe('the work item of an artifact', () => {
  it('is lapsed by the message of its holder only; another of the same ticket says nothing', () => {
    const running = itemOf(queued);
    expect(claimed(running, delivery({ seq: 8, holder: 'heir' }), 10).kind).toBe('stale');
    expect(itemOf(running, { holder: 'heir' })).toMatchObject({ holder: 'heir', lapses: 1 });
    expect(claimed(running, delivery({ holder: 'heir' }), 1).kind).toBe('vanished');
  });

  it('is claimed and settled by calls whose answers were lost, once', () => {
    const running = itemOf(queued);
    expect(itemOf(running)).toBe(running);
    const end = { id: 'end', event: doneEvent('a') };
    const done = settled(running, 'mine', end);
    expect(done).toMatchObject({ state: 'settled', holder: null });
    expect(settled(done, 'mine', end)).toBe(done);
    expect(settled(done, 'mine', { ...end, id: 'another' })).toBeNull();
  });

  it('is left alone by who does not hold it, and by messages of an earlier ticket', () => {
    const heirs = itemOf(itemOf(queued), { holder: 'heir' });
    expect(requeued(heirs, 'mine')).toBeNull();
    expect(settled(heirs, 'mine', { id: 'end', event: doneEvent('a') })).toBeNull();
    const again = asked(settled(heirs, 'heir', { id: 'end', event: doneEvent('a') }), job);
    expect(again).toMatchObject({ ticket: 2, state: 'queued', lapses: 0 });
    expect(claimed(again, delivery(), 10).kind).toBe('stale');
  });
});
