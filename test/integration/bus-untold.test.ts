import { filter, firstValueFrom, timeout } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { setUpBus } from '../../src/pipeline/bus/nats/connect-bus.js';
import type { EventLog } from '../../src/pipeline/bus/nats/event-log.js';
import { claim, glance } from '../conformance/bus-bench.js';
import { doneEvent } from '../support/job-events.js';
import { testJob } from '../support/jobs.js';
import { jetstream, natsServer, startNats } from '../support/nats-server.js';

describe.skipIf(natsServer === null)('a job settled by a worker that died before it told so', () => {
  it('is told by the next who gets its message', async () => {
    const server = await startNats(jetstream);
    const servers = [`127.0.0.1:${server.port}`];
    const connect = () => setUpBus({ servers, auth: { kind: 'none' }, tls: null, origin: 'test' }, 1000);
    const [dying, other] = [await connect(), await connect()];
    try {
      await dying.enqueue(testJob('a'));
      const lease = await claim(dying);
      const log = Reflect.get(dying, 'log') as EventLog;
      log.publish = () => Promise.reject(new Error('killed'));
      await expect(lease.commit(doneEvent('a'))).rejects.toThrow('killed');
      const done = firstValueFrom(
        other.events('run-1').pipe(
          filter(({ type }) => type === 'job-done'),
          timeout(10_000),
        ),
      );
      for (let tries = 0; tries < 6; tries++) expect(await glance(other)).toBeNull();
      expect(await done).toMatchObject({ job: 'a' });
    } finally {
      await Promise.all([dying.close(), other.close()]);
      await server.stop();
    }
  });
});
