import { setTimeout as sleep } from 'node:timers/promises';
import { AckPolicy, ErrorCode, RetentionPolicy, type NatsConnection } from 'nats';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inboxPrefix } from '../../src/pipeline/bus/nats/address.js';
import { connectTo } from '../../src/pipeline/bus/nats/connect.js';
import { isQueued, PullSlot } from '../../src/pipeline/bus/nats/pull-slot.js';
import { QueuedMessage } from '../../src/pipeline/bus/nats/queued-message.js';
import { Requests } from '../../src/pipeline/bus/nats/requests.js';
import { jetstream, natsServer, startNats, type TestServer } from '../support/nats-server.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const prefix = inboxPrefix('orchestrator');
/** A user that may not publish the subject "secret". */
const limited = `${jetstream}
authorization { users: [{ user: u, password: p, permissions: { publish: { deny: ["secret"] } } }] }
`;

describe.skipIf(natsServer === null)('requests to a broker', () => {
  let server: TestServer;
  let nc: NatsConnection;
  let requests: Requests;
  beforeEach(async () => {
    server = await startNats(limited);
    const auth = { kind: 'password', user: 'u', password: 'p' } as const;
    const address = { servers: [`127.0.0.1:${server.port}`], auth, tls: null, origin: 'test' };
    nc = await connectTo(address, { role: 'orchestrator', name: 'requests' });
    requests = new Requests(nc, prefix);
    const jsm = await nc.jetstreamManager();
    await jsm.streams.add({ name: 'LOG', subjects: ['log.>'] });
    await jsm.streams.add({ name: 'QUEUE', subjects: ['queue.>'], retention: RetentionPolicy.Workqueue });
    await jsm.consumers.add('QUEUE', { durable_name: 'all', ack_policy: AckPolicy.Explicit });
  });
  afterEach(async () => {
    await nc.close();
    await server.stop();
  });
  const pullOf = (slot: PullSlot, timeoutMs: number) =>
    slot.ask('$JS.API.CONSUMER.MSG.NEXT.QUEUE.all', bytes('{"batch":1,"expires":2000000000}'), timeoutMs);
  const waiting = async (): Promise<readonly number[]> => {
    const { num_pending, num_ack_pending } = await (
      await nc.jetstreamManager()
    ).consumers.info('QUEUE', 'all');
    return [num_pending, num_ack_pending];
  };

  it('append in order, once for an id, and only on the expected last message', async () => {
    expect(await requests.append('log.a', bytes('1'), { id: 'x' })).toBe(1);
    expect(await requests.append('log.a', bytes('1'), { id: 'x' })).toBe(1);
    expect(await requests.append('log.a', bytes('2'), { lastSeq: 1 })).toBe(2);
    expect(await requests.append('log.b', bytes('3'), { lastSeq: 0 })).toBe(3);
    const refused = { api_error: { err_code: 10071 } };
    await expect(requests.append('log.a', bytes('4'), { lastSeq: 1 })).rejects.toMatchObject(refused);
    await expect(requests.append('log.b', bytes('4'), { lastSeq: 0 })).rejects.toMatchObject(refused);
  });

  it('give each its own answer when many are under way', async () => {
    nc.subscribe('double', {
      callback: (_error, message) => void message.respond(bytes(String(2 * Number(message.string())))),
    });
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, i) => requests.ask('double', bytes(String(i)))),
    );
    expect(answers.map((answer) => Number(answer.string()))).toEqual(
      Array.from({ length: 500 }, (_, i) => 2 * i),
    );
  });

  it('say why there is no answer', async () => {
    const nobody = { code: ErrorCode.NoResponders };
    await expect(requests.append('elsewhere', bytes('1'))).rejects.toMatchObject(nobody);
    nc.subscribe('silent', { callback: () => undefined });
    const silent = requests.ask('silent', bytes('1'), undefined, 100);
    await expect(silent).rejects.toMatchObject({ code: ErrorCode.Timeout });
    const denied = requests.ask('secret', bytes('1'));
    await expect(denied).rejects.toMatchObject({ code: ErrorCode.PermissionsViolation });
    const closed = expect(requests.ask('silent', bytes('1'))).rejects.toMatchObject({
      code: ErrorCode.ConnectionClosed,
    });
    await nc.close();
    await closed;
    await expect(requests.ask('silent', bytes('1'))).rejects.toMatchObject({
      code: ErrorCode.ConnectionClosed,
    });
  });

  it('pull one message, which is acknowledged once', async () => {
    const slot = new PullSlot(nc, prefix);
    await requests.append('queue.a', bytes('job'));
    const answer = await pullOf(slot, 2100);
    if (answer === null || !isQueued(answer)) throw new Error('no message');
    const message = new QueuedMessage(answer, requests);
    expect([message.subject, message.seq, new TextDecoder().decode(message.data)]).toEqual([
      'queue.a',
      1,
      'job',
    ]);
    message.working();
    expect(await waiting()).toEqual([0, 1]);
    await message.ackAck();
    message.nak();
    expect(await waiting()).toEqual([0, 0]);
  });

  it('return a message for which nobody waits any more', async () => {
    const [late, next] = [new PullSlot(nc, prefix), new PullSlot(nc, prefix)];
    expect(await pullOf(late, 50)).toBeNull();
    // The broker still holds the request of `late`, although `late` no longer waits. So the broker sends the next
    // message to `late`.
    await requests.append('queue.a', bytes('job'));
    await sleep(50);
    const answer = await pullOf(next, 2100);
    expect(answer?.subject).toBe('queue.a');
  });

  it('end with a status when the queue stays empty', async () => {
    const answer = await pullOf(new PullSlot(nc, prefix), 4000);
    expect([answer?.headers?.code, answer && isQueued(answer)]).toEqual([408, false]);
  });
});
