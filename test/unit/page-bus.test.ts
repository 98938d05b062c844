import { map, take, toArray, firstValueFrom, timeout } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { InProcessBus } from '../../src/pipeline/bus/in-process.js';
import { busSource } from '../../src/pipeline/page/bus-source.js';
import { begun, queuedJob } from '../support/watched-run.js';

/** The first `count` news of a run: the type of an event, or the text of other news such as `unread`. */
const firstNews = (bus: InProcessBus, count: number): Promise<string[]> =>
  firstValueFrom(
    busSource(bus)
      .news('demo-1')
      .pipe(
        map((one) => (typeof one === 'string' ? one : one.type)),
        take(count),
        toArray(),
        timeout(10_000),
      ),
  );

describe('the news of a run on a broker', () => {
  it('say once that the log so far is read, after the last stored event', async () => {
    const bus = new InProcessBus();
    for (const body of [begun(), queuedJob('embed', {}), queuedJob('stage3', {})])
      await bus.publish('demo-1', body);
    const news = firstNews(bus, 5);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await bus.publish('demo-1', queuedJob('evaluate', {}));
    expect(await news).toEqual(['run-started', 'job-queued', 'job-queued', 'caught-up', 'job-queued']);
  });

  it('count messages of another version', async () => {
    const bus = new InProcessBus();
    await bus.publish('demo-1', { ...begun(), type: 'job-dreamt' } as never);
    const read = bus.read.bind(bus);
    // A message that cannot be parsed arrives from the bus as `unread`.
    bus.read = (run) => read(run).pipe(map((one) => (one === 'caught-up' ? one : 'unread')));
    expect(await firstNews(bus, 2)).toEqual(['unread', 'caught-up']);
  });
});
