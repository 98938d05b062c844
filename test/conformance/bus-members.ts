import { expect, it } from 'vitest';
import type { BusMember } from '../../src/pipeline/bus/member.js';
import { doneEvent, failedEvent, returnedEvent } from '../support/job-events.js';
import { testJob } from '../support/jobs.js';
import { claim, declining, finishNext, glance, told, type Bench } from './bus-bench.js';

const member = (id: string, changes: Partial<BusMember> = {}): BusMember => ({
  ...{ v: 1, id, role: 'worker', host: 'lab-1', pid: 1, codeVersion: '0', node: 'v20', backend: 'cpu' },
  ...{ classes: ['gpu'], slots: { cpu: 0, gpu: 1 }, run: null, state: 'working', jobs: [] },
  since: '2026-01-01T00:00:00.000Z',
  ...changes,
});
/**
 * The members without `seen`, sorted by id. `seen` is the time at which the broker last saw a member; here it only has
 * to be a valid time.
 */
const byId = (members: readonly BusMember[]): readonly BusMember[] =>
  [...members]
    .sort((a, b) => a.id.localeCompare(b.id))
    .map(({ seen, ...said }) => {
      if (seen !== undefined) expect(Date.parse(seen)).not.toBeNaN();
      return said;
    });

/** Cases about the list of members, and about jobs that a member declines. */
export function memberCases(bench: Bench): void {
  it('lists who has joined until they leave, as they last said they are', async () => {
    const [one, other] = await bench.two();
    expect(await one.members()).toEqual([]);
    const first = await one.join(member('lab-1-1-abcd'));
    const second = await other.join(
      member('lab-2.example.org-7-abcd', { role: 'orchestrator', run: 'run-1' }),
    );
    await second.update({ jobs: ['stage1/fold-0/TMA'] });
    await second.update({ state: 'draining', classes: [] });
    const changed = member('lab-2.example.org-7-abcd', {
      ...{ role: 'orchestrator', run: 'run-1', state: 'draining', classes: [] },
      jobs: ['stage1/fold-0/TMA'],
    });
    const now = [member('lab-1-1-abcd'), changed];
    expect(byId(await one.members())).toEqual(now);
    expect(byId(await other.members())).toEqual(now);
    await first.leave();
    expect(byId(await other.members())).toEqual(now.slice(1));
    await second.leave();
    expect(await one.members()).toEqual([]);
  });

  it('gives a declined job to another member, never to the same worker', async () => {
    const [one, other] = await bench.two();
    await one.join(member('w1'));
    await other.join(member('w2'));
    await one.enqueue(testJob('a'));
    const lease = await claim(one, 'w1');
    expect(await lease.decline(declining('a', 'w1'))).toBe('returned');
    expect(await lease.commit(doneEvent('a'))).toBe('fenced');
    expect(await told(other)).toMatchObject([returnedEvent('a', 'w1')]);
    // The worker still gets other jobs, but not the job that it declined.
    expect(await glance(one, 'w1')).toBeNull();
    await one.enqueue(testJob('b'));
    expect(await finishNext(one, 'w1')).toBe('b');
    const heir = await claim(other, 'w2');
    expect([heir.job.key, heir.attempt]).toEqual(['a', 1]);
    expect(await heir.commit(doneEvent('a'))).toBe('committed');
    expect(await glance(one, 'w1')).toBeNull();
  });

  it('does not wake the worker that declined a job for it when it waits', async () => {
    const [one, other] = await bench.two();
    await one.join(member('w1'));
    await other.join(member('w2'));
    await one.enqueue(testJob('a'));
    const lease = await claim(one, 'w1');
    const waiting = glance(one, 'w1');
    expect(await lease.decline(declining('a', 'w1'))).toBe('returned');
    expect(await waiting).toBeNull();
    expect(await finishNext(other, 'w2')).toBe('a');
  });

  it('remembers who declined a job when it is released, fails or lapses elsewhere', async () => {
    const [one, other] = await bench.two();
    await one.join(member('w1'));
    await other.join(member('w2'));
    await one.enqueue(testJob('a'));
    await (await claim(one, 'w1')).decline(declining('a', 'w1'));
    await (await claim(other, 'w2')).release();
    expect(await glance(one, 'w1')).toBeNull();
    await (await claim(other, 'w2')).fail(true, () => doneEvent('a'));
    expect(await glance(one, 'w1')).toBeNull();
    await claim(other, 'w2');
    expect(await one.claim('gpu', 'w1', AbortSignal.timeout(1.5 * one.leaseMs))).toBeNull();
    expect(await finishNext(other, 'w2')).toBe('a');
  });

  it('gives a job up that every member has declined, and takes it anew when asked', async () => {
    const [one, other] = await bench.two();
    await one.join(member('w1'));
    await other.join(member('w2', { role: 'orchestrator' }));
    await one.enqueue(testJob('a'));
    expect(await (await claim(one, 'w1')).decline(declining('a', 'w1'))).toBe('returned');
    expect(await (await claim(other, 'w2')).decline(declining('a', 'w2'))).toBe('given-up');
    expect(await told(one)).toMatchObject([returnedEvent('a', 'w1'), failedEvent('a')]);
    expect(await glance(one, 'w1')).toBeNull();
    await one.enqueue(testJob('a'));
    expect(await finishNext(one, 'w1')).toBe('a');
  });

  it('keeps a job that a worker declined who only joined for those who join later', async () => {
    const [one, other] = await bench.two();
    await one.join(member('w1'));
    await one.enqueue(testJob('a'));
    expect(await (await claim(one, 'w1')).decline(declining('a', 'w1'))).toBe('returned');
    expect(await glance(one, 'w1')).toBeNull();
    await other.join(member('w2'));
    expect(await finishNext(other, 'w2')).toBe('a');
  });

  it('gives a declined job up when no member is left that takes its class', async () => {
    const [one, other] = await bench.two();
    await one.join(member('w1', { role: 'orchestrator' }));
    await other.join(member('cpu only', { classes: ['cpu'] }));
    await other.join(member('computes nothing', { role: 'orchestrator', classes: [] }));
    const draining = await other.join(member('draining'));
    await draining.update({ state: 'draining', classes: [] });
    await (await other.join(member('left'))).leave();
    await one.enqueue(testJob('a'));
    expect(await (await claim(one, 'w1')).decline(declining('a', 'w1'))).toBe('given-up');
    expect(await told(one)).toMatchObject([failedEvent('a')]);
    // This orchestrator also computes jobs, as is usual. So after w1 declines job b, another member can take it.
    await other.join(member('up', { role: 'orchestrator', classes: ['cpu', 'gpu'] }));
    await one.enqueue(testJob('b'));
    expect(await (await claim(one, 'w1')).decline(declining('b', 'w1'))).toBe('returned');
    expect(await finishNext(other, 'up')).toBe('b');
  });
}
