import { lastValueFrom, take, takeWhile, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { doneEvent, skippedEvent } from '../support/job-events.js';
import { told, until, type Bench } from './bus-bench.js';

const jobsOf = (events: readonly object[]): readonly unknown[] =>
  events.map((event) => ('job' in event ? event.job : null));

/** Cases about the log of events of a run. */
export function eventCases(bench: Bench): void {
  it('replays the events of a run in order to a late reader, numbered without gaps, and goes on live', async () => {
    const [one, other] = await bench.two();
    await one.publish('run-1', skippedEvent('a'));
    await one.publish('run-2', skippedEvent('elsewhere'));
    await other.publish('run-1', skippedEvent('b'));
    const reader = until(other.events('run-1').pipe(take(3)));
    await one.publish('run-1', skippedEvent('c'));
    const events = await reader;
    expect(jobsOf(events)).toEqual(['a', 'b', 'c']);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('names every event once, the same for all readers and for who published it', async () => {
    const [one, other] = await bench.two();
    // Events with equal content are still separate events.
    const ids = [];
    for (const bus of [one, other, one]) ids.push(await bus.publish('run-1', doneEvent('a')));
    expect(new Set(ids).size).toBe(3);
    const [early, late] = [await told(one), await told(other)];
    expect(early.map(({ id }) => id)).toEqual(ids);
    expect(late.slice(0, 3)).toEqual(early);
    for (const { v, at } of early) expect([v, new Date(at).toISOString()]).toEqual([1, at]);
  });

  it('carries an event over unchanged', async () => {
    const [one, other] = await bench.two();
    await one.publish('cohort-2-0a1b', doneEvent('é/ü *.>'));
    expect(await told(other, 'cohort-2-0a1b')).toMatchObject([doneEvent('é/ü *.>')]);
  });

  it('keeps the order of a thousand events that nobody waits for', async () => {
    const [one, other] = await bench.two();
    const names = Array.from({ length: 1000 }, (_, index) => `job-${index}`);
    const live = until(other.events('run-1').pipe(take(1000)));
    await Promise.all(names.map((name) => one.publish('run-1', skippedEvent(name))));
    expect(jobsOf(await live)).toEqual(names);
    expect(jobsOf(await told(other))).toEqual(names);
  });

  it('gives a reader who leaves nothing more, and one who comes back everything again', async () => {
    const [one, other] = await bench.two();
    await one.publish('run-1', skippedEvent('a'));
    await one.publish('run-1', skippedEvent('b'));
    expect(jobsOf(await until(other.events('run-1').pipe(take(1))))).toEqual(['a']);
    expect(jobsOf(await told(other))).toEqual(['a', 'b']);
  });

  it('tells a reader that the stored events are read, after the last of them and before new ones', async () => {
    const [one, other] = await bench.two();
    for (const name of ['a', 'b', 'c']) await one.publish('run-1', skippedEvent(name));
    const stored = until(other.read('run-1').pipe(takeWhile((news) => news !== 'caught-up')));
    expect(jobsOf((await stored).filter((news) => typeof news !== 'string'))).toEqual(['a', 'b', 'c']);
  });

  it('counts the events of a run', async () => {
    const [one, other] = await bench.two();
    expect(await other.published('run-1')).toBe(0);
    for (const event of [skippedEvent('a'), doneEvent('a'), skippedEvent('b')])
      await one.publish('run-1', event);
    await one.publish('run-10', skippedEvent('elsewhere'));
    expect(await other.published('run-1')).toBe(3);
  });

  it('tells the events so far, and ends', async () => {
    const [one, other] = await bench.two();
    expect(await other.history('run-1')).toEqual([]);
    for (const name of ['a', 'b']) await one.publish('run-1', skippedEvent(name));
    const history = await other.history('run-1');
    expect(jobsOf(history)).toEqual(['a', 'b']);
    expect(history.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('knows the run that something was last published for', async () => {
    const [one, other] = await bench.two();
    expect(await other.latestRun()).toBeNull();
    for (const run of ['run-1', 'run-2', 'run.3']) {
      await one.publish(run, skippedEvent('a'));
      expect(await other.latestRun()).toBe(run);
    }
    await one.publish('run-1', skippedEvent('b'));
    expect(await other.latestRun()).toBe('run-1');
  });

  it('ends the event logs when it closes', async () => {
    const [bus] = await bench.two();
    const all = lastValueFrom(bus.events('run-1').pipe(toArray()));
    await bus.close();
    expect(await all).toEqual([]);
  });
}
