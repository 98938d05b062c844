import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AckPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type KV,
  type NatsConnection,
  NatsError,
  nanos,
  RetentionPolicy,
} from 'nats';
import { firstValueFrom, map, takeWhile, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerRole, brokerRoles } from '../../src/pipeline/bus/nats/address.js';
import { createUsers, keyVariable, publicKeys, seedFile } from '../../src/pipeline/broker/security-files.js';
import { connectTo } from '../../src/pipeline/bus/nats/connect.js';
import { lookedUpMessages } from '../../src/pipeline/bus/nats/looked-up-messages.js';
import { subjectsOf } from '../../src/pipeline/bus/nats/subjects-of.js';
import { attackedServers, startNats, type TestServer } from '../support/nats-server.js';

/** The connection of a role, and the interfaces of the NATS client that the NATS adapter uses on it. */
interface Client {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
}

const deployed = join(import.meta.dirname, '../../deploy/nats/nats-server.conf');

/** Checks that the server refuses an attempt of this role. */
async function denied(attempt: Promise<unknown>): Promise<void> {
  const error: unknown = await attempt.then(
    () => new Error('it was allowed'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(NatsError);
  expect((error as NatsError).code).toBe('PERMISSIONS_VIOLATION');
}

/** Publishes without a reply subject. The server reports a refusal asynchronously, as a status event. */
async function publishing({ nc }: Client, subject: string): Promise<void> {
  const refused = (async () => {
    for await (const status of nc.status())
      if ((status.type as string) === 'error' && status.data === 'PERMISSIONS_VIOLATION')
        throw new NatsError('refused', 'PERMISSIONS_VIOLATION');
  })();
  nc.publish(subject, 'x');
  await Promise.race([refused, nc.flush().then(() => nc.flush())]);
}

function subscribing({ nc }: Client, subject: string): Promise<void> {
  return new Promise((resolve, reject) => {
    nc.subscribe(subject, { callback: (error) => error && reject(error) });
    void nc
      .flush()
      .then(() => nc.flush())
      .then(resolve);
  });
}

const calling = ({ nc }: Client, call: string, body: unknown = {}): Promise<unknown> =>
  nc.request(`$JS.API.${call}`, JSON.stringify(body), { timeout: 2000 });

async function taken<T>(messages: AsyncIterable<T>, count: number): Promise<T[]> {
  const found: T[] = [];
  for await (const message of messages) if (found.push(message) === count) break;
  return found;
}

// The server has the shipped permissions. Only the keys of the roles are made for this test.
describe.each(attackedServers)('the shipped configuration, NATS $version', ({ server: binary }) => {
  if (binary === null) return it.skip('needs a nats-server');
  let [folder, server] = ['', undefined as TestServer | undefined];
  const clients = {} as Record<BrokerRole, Client>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'haf-roles-'));
    createUsers(folder);
    const keys = publicKeys(folder);
    const config = readFileSync(deployed, 'utf8')
      .replace(/^host:.*\nport:.*$/m, '')
      .replace(/^tls \{[^}]*\}/m, '')
      .replace('"/data"', `"${folder}"`);
    const env = Object.fromEntries(brokerRoles.map((role) => [keyVariable(role), keys[role]]));
    server = await startNats(config, { env, server: binary });
    for (const role of brokerRoles) {
      const auth = { kind: 'nkey', seed: readFileSync(seedFile(folder, role), 'utf8').trim() } as const;
      const address = { servers: [`127.0.0.1:${server.port}`], auth, tls: null, origin: 'test' };
      const nc = await connectTo(address, { name: role, role });
      clients[role] = { nc, js: nc.jetstream(), jsm: await nc.jetstreamManager() };
    }
  });
  afterAll(async () => {
    await Promise.all(Object.values(clients).map(({ nc }) => nc.close()));
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('lets the orchestrator make streams, queues and buckets, and change them', async () => {
    const { js, jsm } = clients.orchestrator;
    await jsm.streams.add({
      name: 'HAF_JOBS',
      subjects: ['haf.v1.job.>'],
      retention: RetentionPolicy.Workqueue,
    });
    await jsm.streams.add({ name: 'HAF_EVENTS', subjects: ['haf.v1.ev.>'] });
    await jsm.streams.add({ name: 'HAF_DLQ', subjects: ['haf.v1.dlq.>'] });
    await jsm.streams.update('HAF_EVENTS', { max_msgs_per_subject: 20_000 });
    for (const jobClass of ['cpu', 'gpu']) {
      const settings = { ack_policy: AckPolicy.Explicit, filter_subject: `haf.v1.job.${jobClass}.>` };
      await jsm.consumers.add('HAF_JOBS', { durable_name: jobClass, ack_wait: nanos(60_000), ...settings });
      await jsm.consumers.update('HAF_JOBS', jobClass, { max_ack_pending: 500 });
    }
    await js.views.kv('haf_units', { history: 10 });
    await js.views.kv('haf_members', { ttl: 45_000 });
  });

  it('lets the orchestrator queue, count and withdraw jobs, and call workers', async () => {
    const { nc, js, jsm } = clients.orchestrator;
    for (const run of ['r1', 'r2']) await js.publish(`haf.v1.job.gpu.stage1.${run}.a`, '{}', { msgID: run });
    const { state } = await jsm.streams.info('HAF_JOBS', { subjects_filter: 'haf.v1.job.*.*.r2.>' });
    expect(Object.keys(state.subjects ?? {})).toEqual(['haf.v1.job.gpu.stage1.r2.a']);
    expect(await jsm.streams.purge('HAF_JOBS', { filter: 'haf.v1.job.*.*.r2.>' })).toMatchObject({
      purged: 1,
    });
    const heard = Promise.all(
      ['orchestrator', 'worker'].map((role) =>
        taken(clients[role as BrokerRole].nc.subscribe('haf.v1.ctl.*.cancel', { max: 1 }), 1),
      ),
    );
    await clients.worker.nc.flush();
    nc.publish('haf.v1.ctl.r1.cancel');
    expect(await heard).toHaveLength(2);
  });

  it('lets a worker take, keep, hand back and finish jobs', async () => {
    const consumer = await clients.worker.js.consumers.get('HAF_JOBS', 'gpu');
    const first = await consumer.next({ expires: 2000 });
    first?.working();
    first?.nak();
    const again = await consumer.next({ expires: 2000 });
    expect(again?.info.redeliveryCount).toBe(2);
    expect(await again?.ackAck()).toBe(true);
    expect(await consumer.next({ expires: 1000 })).toBeNull();
  });

  it.each(['worker', 'orchestrator'] as const)('lets a %s change units with a fence', async (role) => {
    const units: KV = await clients[role].js.views.kv('haf_units');
    const revision = await units.create(`unit-${role}`, 'queued');
    await units.update(`unit-${role}`, 'running', revision);
    await expect(units.update(`unit-${role}`, 'done', revision)).rejects.toThrow(/wrong last sequence/);
    expect((await units.get(`unit-${role}`))?.string()).toBe('running');
    const members = await clients[role].js.views.kv('haf_members');
    await members.put(role, 'here');
    await members.delete(role);
    expect((await members.get(role))?.operation).toBe('DEL');
    await members.create(role, 'back');
  });

  it('lets a worker tell events and dead letters', async () => {
    const { js } = clients.worker;
    for (const type of ['job-started', 'job-done']) await js.publish(`haf.v1.ev.r1.stage1.${type}`, type);
    await js.publish('haf.v1.dlq.stage1.r1.a', '{}');
  });

  it('lets the orchestrator follow events by a consumer', async () => {
    const events = await clients.orchestrator.js.consumers.get('HAF_EVENTS', {
      filterSubjects: 'haf.v1.ev.r1.>',
    });
    const messages = await events.consume();
    expect((await taken(messages, 2)).map((message) => message.string())).toEqual([
      'job-started',
      'job-done',
    ]);
    await messages.close();
  });

  it.each(['orchestrator', 'viewer'] as const)('lets a %s look up events, keys and queues', async (role) => {
    const { js, jsm } = clients[role];
    const found = lookedUpMessages(
      jsm,
      'HAF_EVENTS',
    )('haf.v1.ev.r1.>').pipe(
      takeWhile((message) => message !== 'caught-up'),
      map(({ data }) => new TextDecoder().decode(data)),
      toArray(),
    );
    expect(await firstValueFrom(found)).toEqual(['job-started', 'job-done']);
    const last = await jsm.streams.getMessage('HAF_EVENTS', { last_by_subj: 'haf.v1.ev.r1.stage1.job-done' });
    expect(last.string()).toBe('job-done');
    const bind = { bindOnly: true, allow_direct: true };
    const units = await js.views.kv('haf_units', bind);
    expect((await units.get('unit-worker'))?.string()).toBe('running');
    const keys = await subjectsOf(jsm, 'haf_members');
    expect([...keys].sort()).toEqual(['orchestrator', 'worker']);
    expect((await jsm.consumers.info('HAF_JOBS', 'gpu')).num_pending).toBe(0);
  });

  it('keeps a worker from queueing jobs and from administration', async () => {
    const { worker } = clients;
    await denied(worker.js.publish('haf.v1.job.gpu.stage1.r1.b', '{}'));
    await denied(publishing(worker, 'haf.v1.ctl.r1.cancel'));
    await denied(worker.jsm.streams.delete('HAF_JOBS'));
    await denied(worker.jsm.streams.purge('HAF_EVENTS'));
    await denied(worker.jsm.streams.add({ name: 'HAF_MINE', subjects: ['haf.v1.job.mine'] }));
    await denied(worker.jsm.streams.deleteMessage('HAF_JOBS', 1));
    await denied(worker.jsm.consumers.delete('HAF_JOBS', 'gpu'));
    await denied(worker.jsm.consumers.add('HAF_JOBS', { durable_name: 'x', ack_policy: AckPolicy.Explicit }));
    await denied(calling(worker, 'CONSUMER.DURABLE.CREATE.HAF_JOBS.x'));
    await denied(calling(worker, 'STREAM.UPDATE.KV_haf_units'));
    await denied(worker.js.publish('$KV.others.key', 'x'));
  });

  it('keeps a viewer from everything that changes something', async () => {
    const { viewer } = clients;
    await denied(viewer.js.publish('haf.v1.ev.r1.stage1.job-done', 'x'));
    await denied(viewer.js.publish('haf.v1.job.gpu.stage1.r1.b', 'x'));
    await denied(publishing(viewer, 'haf.v1.ctl.r1.cancel'));
    await denied(viewer.js.publish('$KV.haf_units.unit-worker', 'x'));
    await denied(viewer.js.publish('$KV.haf_members.viewer', 'x'));
    await denied(publishing(viewer, '$JS.ACK.HAF_JOBS.gpu.1.1.1.1.0'));
    await denied(calling(viewer, 'CONSUMER.MSG.NEXT.HAF_JOBS.gpu', 1));
    await denied(calling(viewer, 'STREAM.MSG.GET.HAF_JOBS', { seq: 1 }));
    await denied(viewer.jsm.streams.purge('HAF_EVENTS'));
    await denied(viewer.jsm.streams.delete('HAF_EVENTS'));
    await denied(viewer.jsm.streams.add({ name: 'HAF_MINE', subjects: ['mine'] }));
    await denied(viewer.jsm.consumers.delete('HAF_JOBS', 'gpu'));
    await denied(viewer.jsm.consumers.add('HAF_EVENTS', { ack_policy: AckPolicy.None }));
  });

  it('keeps an orchestrator to the streams of haf-pipeline', async () => {
    const { orchestrator } = clients;
    await denied(orchestrator.jsm.streams.delete('HAF_EVENTS'));
    await denied(orchestrator.jsm.streams.add({ name: 'OTHERS', subjects: ['others'] }));
    await denied(orchestrator.js.publish('others', 'x'));
  });

  it('lets nobody hear what is for others', async () => {
    for (const role of brokerRoles) {
      for (const other of brokerRoles)
        if (other !== role) await denied(subscribing(clients[role], `_INBOX_${other}.>`));
      for (const subject of ['>', '_INBOX.>', 'haf.v1.>', '$KV.>', '$JS.>'])
        await denied(subscribing(clients[role], subject));
    }
    await denied(subscribing(clients.viewer, 'haf.v1.ctl.>'));
  });
});
