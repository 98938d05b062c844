import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { headers, type NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { permissions } from '../../src/pipeline/broker/permissions.js';
import { createUsers, publicKeys, seedFile } from '../../src/pipeline/broker/security-files.js';
import { serverConfigText } from '../../src/pipeline/broker/server-config.js';
import { type BrokerAddress, type BrokerRole, brokerRoles } from '../../src/pipeline/bus/nats/address.js';
import { connectTo } from '../../src/pipeline/bus/nats/connect.js';
import { setUpBus } from '../../src/pipeline/bus/nats/connect-bus.js';
import type { Bus } from '../../src/pipeline/bus/bus.js';
import { testJob } from '../support/jobs.js';
import { attackedServers, startNats, type TestServer } from '../support/nats-server.js';

const streams = ['HAF_JOBS', 'HAF_EVENTS', 'HAF_DLQ', 'KV_haf_units', 'KV_haf_members'];
const evil = testJob('evil', { store: '/elsewhere', run: 'evil' });

/** Subjects that workers and viewers must not reach in any way. */
const targets = [
  ...streams.flatMap((stream) => [`$JS.API.STREAM.DELETE.${stream}`, `$JS.API.STREAM.PURGE.${stream}`]),
  '$JS.API.STREAM.CREATE.EVIL',
  '$JS.API.STREAM.UPDATE.HAF_JOBS',
  '$JS.API.STREAM.MSG.DELETE.HAF_JOBS',
  '$JS.API.CONSUMER.DELETE.HAF_JOBS.gpu',
  '$JS.API.CONSUMER.CREATE.HAF_EVENTS',
  'haf.v1.job.gpu.tables.evil.aaaa',
];

/** Request bodies to which a server would send a reply. */
const bodies = [
  '',
  JSON.stringify({ seq: 1 }),
  JSON.stringify({ last_by_subj: '$KV.haf_units.evil' }),
  JSON.stringify({ last_by_subj: '$KV.haf_units.empty' }),
];

describe.each(attackedServers)('a broker with users, NATS $version', ({ server: binary }) => {
  if (binary === null) return it.skip('needs a nats-server');
  let folder: string;
  let server: TestServer;
  let bus: Bus;
  const clients = {} as Record<BrokerRole, NatsConnection>;
  const state = async (): Promise<unknown> => {
    const jsm = await clients.orchestrator.jetstreamManager();
    const infos = await Promise.all(streams.map((name) => jsm.streams.info(name)));
    const consumers = await Promise.all(['cpu', 'gpu'].map((name) => jsm.consumers.info('HAF_JOBS', name)));
    const account = await jsm.getAccountInfo();
    return {
      streams: infos.map(({ config, state }) => [
        config.name,
        state.messages,
        state.consumer_count,
        config.max_msgs,
      ]),
      waiting: consumers.map(({ num_pending, num_ack_pending }) => [num_pending, num_ack_pending]),
      all: account.streams,
    };
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'haf-attacks-'));
    createUsers(folder);
    const config = { about: [], host: '', port: 0, storeDir: folder, syncAlways: false, tls: null };
    const text = serverConfigText({ ...config, auth: { users: publicKeys(folder) } });
    server = await startNats(text.replace(/^host:.*\nport:.*$/m, ''), { server: binary });
    const address = (role: BrokerRole): BrokerAddress => ({
      ...{ servers: [`127.0.0.1:${server.port}`], tls: null, origin: 'test' },
      auth: { kind: 'nkey', seed: readFileSync(seedFile(folder, role), 'utf8').trim() },
    });
    bus = await setUpBus(address('orchestrator'), 60_000);
    for (const role of brokerRoles) clients[role] = await connectTo(address(role), { name: role, role });
    await bus.enqueue(testJob('a'));
    await bus.publish('run-1', { type: 'cancel-requested', run: 'run-1', by: 'test' });
    // The content that an attacking worker stores, to be used in a forged reply: a job message, a request for a
    // consumer, and an empty message.
    clients.worker.publish('$KV.haf_units.evil', JSON.stringify({ v: 1, ticket: 1, job: evil }));
    clients.worker.publish('$KV.haf_units.empty', '');
    await clients.worker.flush();
    await vi.waitUntil(async () => JSON.stringify(await state()).includes('["KV_haf_units",3,'));
  });
  afterAll(async () => {
    await bus?.close();
    await Promise.all(Object.values(clients).map((client) => client.close()));
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const relay = async (role: BrokerRole, subject: string, reply: string): Promise<void> => {
    for (const body of bodies) clients[role].publish(subject, body, { reply });
    await clients[role].flush();
  };
  /**
   * Subjects of the read-only calls that a role may send. Calls that take or settle jobs are left out, because a worker
   * is allowed to send them.
   */
  const questions = (role: BrokerRole): readonly string[] =>
    permissions[role].publish
      .filter((subject) => /INFO|\.GET\./.test(subject))
      .map((subject) => subject.replace('.*', '.gpu').replace('.>', '.$KV.haf_units.evil'));

  it.each(['viewer', 'worker'] as const)(
    'gives a %s no call of another by the choice of a reply',
    async (role) => {
      const before = await state();
      for (const subject of questions(role)) for (const target of targets) await relay(role, subject, target);
      await sleep(300);
      expect(await state()).toEqual(before);
    },
  );

  it('sends a job that a worker asked for nowhere but to its own account', async () => {
    const before = (await state()) as { waiting: unknown };
    await relay('viewer', '$JS.API.CONSUMER.MSG.NEXT.HAF_JOBS.gpu', '$JS.API.STREAM.DELETE.HAF_EVENTS');
    await sleep(100);
    // The request of the viewer for a job has no effect: the broker delivers no job.
    expect(((await state()) as typeof before).waiting).toEqual(before.waiting);
    const inbox = clients.worker.subscribe('_INBOX_worker.test', { max: 1 });
    clients.worker.publish('$JS.API.CONSUMER.MSG.NEXT.HAF_JOBS.gpu', '1', { reply: inbox.getSubject() });
    let ack = '';
    for await (const message of inbox) ack = message.reply ?? '';
    expect(ack).toMatch(/^\$JS\.ACK\.HAF_JOBS\.gpu\./);
    for (const subject of questions('viewer')) await relay('viewer', subject, ack);
    await sleep(200);
    expect(await state()).toMatchObject({
      waiting: [
        [0, 0],
        [0, 1],
      ],
    });
    clients.worker.publish(ack, '-NAK');
    await clients.worker.flush();
  });

  it('lets nobody choose where the server delivers a stream, except an orchestrator', async () => {
    const wish = JSON.stringify({
      stream_name: 'HAF_EVENTS',
      config: { deliver_subject: 'haf.v1.job.gpu.tables.x.y', ack_policy: 'none', deliver_policy: 'all' },
    });
    for (const role of ['viewer', 'worker'] as const)
      for (const subject of [
        '$JS.API.CONSUMER.CREATE.HAF_EVENTS',
        '$JS.API.CONSUMER.DURABLE.CREATE.HAF_EVENTS.x',
      ])
        await expect(clients[role].request(subject, wish, { timeout: 500 })).rejects.toThrow();
    const jsm = await clients.orchestrator.jetstreamManager();
    expect((await jsm.streams.info('HAF_EVENTS')).state.consumer_count).toBe(0);
  });

  it('keeps work items and members when a message asks to replace all others', async () => {
    const before = await state();
    for (const kind of ['all', 'sub'])
      for (const subject of ['$KV.haf_units.x', '$KV.haf_members.x', 'haf.v1.ev.r.run.x', 'haf.v1.dlq.x']) {
        const head = headers();
        head.set('Nats-Rollup', kind);
        const attempt = clients.worker.jetstream().publish(subject, 'x', { headers: head });
        await expect(attempt, subject).rejects.toThrow(/rollup/);
      }
    expect(await state()).toEqual(before);
    const jsm = await clients.orchestrator.jetstreamManager();
    for (const bucket of ['KV_haf_units', 'KV_haf_members'])
      expect((await jsm.streams.info(bucket)).config).toMatchObject({
        ...{ deny_purge: true, deny_delete: true, allow_rollup_hdrs: false },
      });
  });

  // The remaining risk (docs/security.md): an orchestrator can redirect replies. This also proves that the test would
  // notice the attacks above.
  it('trusts orchestrators: the reply to a call of theirs goes where they say', async () => {
    const jsm = await clients.orchestrator.jetstreamManager();
    const before = (await jsm.streams.info('HAF_EVENTS')).state.messages;
    await relay('orchestrator', '$JS.API.DIRECT.GET.KV_haf_units', 'haf.v1.ev.forged.run.x');
    await expect
      .poll(async () => (await jsm.streams.info('HAF_EVENTS')).state.messages)
      .toBeGreaterThan(before);
  });
});
