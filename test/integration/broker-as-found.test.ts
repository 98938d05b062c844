import { connect, type NatsConnection, type StreamConfig } from 'nats';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { joinBus, prepareBroker, setUpBus } from '../../src/pipeline/bus/nats/connect-bus.js';
import type { BrokerAddress } from '../../src/pipeline/bus/nats/address.js';
import { streamSettings } from '../../src/pipeline/bus/nats/stream-settings.js';
import { afterRemoval } from '../../src/pipeline/bus/nats/topology.js';
import { fault } from '../support/fault.js';
import { natsServer, startNats, type TestServer } from '../support/nats-server.js';

/** Accounts of one server. Each name says what is unsuitable about the account. */
const config = `
jetstream { store_dir: "$STORE", max_file_store: 20GB }
accounts {
  FREE { jetstream: enabled, users: [{user: free, password: p}] }
  FEW { jetstream { max_streams: 2 }, users: [{user: few, password: p}] }
  SMALL { jetstream { max_file: 300MB }, users: [{user: small, password: p}] }
  QUEUELESS { jetstream { max_consumers: 1 }, users: [{user: queueless, password: p}] }
  OFF { users: [{user: "off", password: p}] }
}
`;

describe.skipIf(natsServer === null)('a broker as it is found', () => {
  let server: TestServer;
  let admin: NatsConnection;
  const as = (user: string, port = server.port): BrokerAddress => ({
    ...{ servers: [`127.0.0.1:${port}`], tls: null, origin: '--nats' },
    auth: { kind: 'password', user, password: 'p' },
  });
  const refusal = (user: string) => fault(setUpBus(as(user), 60_000));
  const manager = () => admin.jetstreamManager();
  // Each test first deletes the streams of the previous test. The server may still be removing them during `add`.
  const add = async (stream: Partial<StreamConfig>): Promise<unknown> => {
    const jsm = await manager();
    return afterRemoval(() => jsm.streams.add(stream));
  };

  beforeAll(async () => {
    server = await startNats(config);
    admin = await connect({ servers: `127.0.0.1:${server.port}`, user: 'free', pass: 'p' });
  });
  afterAll(async () => {
    await admin?.close();
    await server?.stop();
  });
  beforeEach(async () => {
    const jsm = await manager();
    for await (const { config: found } of jsm.streams.list()) await jsm.streams.delete(found.name);
  });

  const settingsOf = (name: string) => streamSettings.find((one) => one.name === name) as StreamConfig;

  it.each<[string, string, Partial<StreamConfig>]>([
    [
      'HAF_JOBS',
      'retention',
      { retention: 'limits' as never, storage: 'memory' as never, max_msgs: 3, discard: 'old' as never },
    ],
    ['HAF_JOBS', 'max_msgs', { max_msgs: 3 }],
    ['HAF_JOBS', 'discard', { discard: 'old' as never }],
    ['HAF_JOBS', 'storage', { storage: 'memory' as never }],
    ['HAF_JOBS', 'max_age', { max_age: 60e9, duplicate_window: 60e9 }],
    ['HAF_JOBS', 'subjects', { subjects: ['haf.v1.job.cpu.>'] }],
    ['HAF_JOBS', 'max_msg_size', { max_msg_size: 512 }],
    ['HAF_JOBS', 'deny_delete', { deny_delete: true }],
    ['HAF_JOBS', 'no_ack', { no_ack: true }],
    ['HAF_EVENTS', 'retention', { retention: 'interest' as never }],
    ['HAF_EVENTS', 'max_msgs_per_subject', { max_msgs_per_subject: 5 }],
    ['HAF_EVENTS', 'max_bytes', { max_bytes: 4096 }],
    ['HAF_DLQ', 'subjects', { subjects: ['haf.v1.dlq.other'] }],
    ['KV_haf_units', 'max_age', { max_age: 150e9 }],
    ['KV_haf_units', 'allow_direct', { allow_direct: false }],
    ['KV_haf_members', 'max_age', { max_age: 0 }],
  ])('names %s when its %s does not fit, and touches nothing', async (name, setting, change) => {
    const jsm = await manager();
    await add({ ...settingsOf(name), ...change });
    const before = (await jsm.streams.info(name)).config;
    const error = await refusal('free');
    expect(error.code).toBe('HAF_BROKER_UNFIT');
    expect(error.what).toMatch(new RegExp(`^${name}: ${setting} is .*; needed: `, 'm'));
    expect(error.fix).toContain('nats stream rm');
    expect((await jsm.streams.info(name)).config).toEqual(before);
    expect((await jsm.getAccountInfo()).streams).toBe(1);
  });

  it('makes its streams where others of their names were deleted a moment ago', async () => {
    const jsm = await manager();
    for (let i = 0; i < 10; i++) {
      for (const settings of streamSettings) await add({ ...settings, storage: 'memory' as never });
      for (const { name } of streamSettings) await jsm.streams.delete(name);
      await (await setUpBus(as('free'), 60_000)).close();
      for (const { name } of streamSettings) await jsm.streams.delete(name);
    }
  });

  it('names a queue that does not fit', async () => {
    const jsm = await manager();
    await add(settingsOf('HAF_JOBS'));
    await jsm.consumers.add('HAF_JOBS', {
      ...{ durable_name: 'cpu', filter_subject: 'haf.v1.job.cpu.tile.>', max_deliver: 3 },
      ack_policy: 'explicit' as never,
    });
    const { code, what } = await refusal('free');
    expect(code).toBe('HAF_BROKER_UNFIT');
    expect(what).toMatch(/consumer cpu: filter_subject is haf\.v1\.job\.cpu\.tile\.>/);
    expect(what).toMatch(/consumer cpu: max_deliver is 3/);
  });

  it('names a consumer of others and a stream of others that take the same subjects', async () => {
    const jsm = await manager();
    await add(settingsOf('HAF_JOBS'));
    await jsm.consumers.add('HAF_JOBS', { durable_name: 'mine', ack_policy: 'explicit' as never });
    expect(await refusal('free')).toMatchObject({
      code: 'HAF_BROKER_UNFIT',
      fix: expect.stringContaining('HAF_JOBS') as string,
    });
    await jsm.streams.delete('HAF_JOBS');
    await jsm.streams.delete('HAF_EVENTS');
    await add({ name: 'OTHER', subjects: ['haf.v1.ev.mine.>'] });
    const { code, what } = await refusal('free');
    expect([code, what]).toEqual(['HAF_BROKER_UNFIT', expect.stringContaining('HAF_EVENTS')]);
  });

  it('takes streams that an administrator made wider, and guards the buckets of an earlier release', async () => {
    const jsm = await manager();
    const jobs = {
      ...settingsOf('HAF_JOBS'),
      max_msgs: -1,
      max_msg_size: -1,
      subjects: ['haf.v1.job.>', 'mine'],
    };
    await add(jobs);
    await add({ ...settingsOf('HAF_EVENTS'), max_age: 0, max_bytes: 2 ** 26 });
    await admin.jetstream().views.kv('haf_units', { history: 1, ttl: 30 * 24 * 3600_000 });
    const bus = await setUpBus(as('free'), 60_000);
    await bus.close();
    expect((await jsm.streams.info('HAF_JOBS')).config.subjects).toEqual(['haf.v1.job.>', 'mine']);
    expect((await jsm.streams.info('KV_haf_units')).config).toMatchObject({
      ...{ allow_rollup_hdrs: false, deny_purge: true, deny_delete: true },
    });
    // A second preparation changes nothing.
    await prepareBroker(as('free'), 60_000);
  });

  it.each([
    ['few', 'max_streams', /may have 2 streams .*has 0.*needs 5 more: HAF_JOBS/],
    ['small', 'max_file', /may store 300 MiB .*reserve 1152 MiB/],
    ['queueless', 'max_consumers', /queue/],
    ['off', 'jetstream: enabled', /JetStream is off for this account/],
  ])('names the limit of an account: %s', async (user, limit, what) => {
    const error = await refusal(user);
    expect(error.code).toBe('HAF_BROKER_UNFIT');
    expect(error.what).toMatch(what);
    expect(error.fix).toContain(limit);
    expect(error.fix).not.toContain('security init');
  });

  it('says that JetStream is off to who joins, instead of waiting', async () => {
    expect(await fault(joinBus(as('off'), 'worker', { wait: AbortSignal.timeout(20_000) }))).toMatchObject({
      code: 'HAF_BROKER_UNFIT',
    });
  });

  it('names max_payload when messages of the pipeline would not pass', async () => {
    const narrow = await startNats('max_payload: 65536\njetstream { store_dir: "$STORE" }\n');
    try {
      const error = await fault(setUpBus({ ...as('', narrow.port), auth: { kind: 'none' } }, 60_000));
      expect(error).toMatchObject({ code: 'HAF_BROKER_UNFIT' });
      expect(error.what).toContain('65536 bytes (max_payload)');
    } finally {
      await narrow.stop();
    }
  });
});
