import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, take, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrokerAddress, BrokerRole } from '../../src/pipeline/bus/nats/address.js';
import { createUsers, keyVariable, publicKeys, seedFile } from '../../src/pipeline/broker/security-files.js';
import type { Bus } from '../../src/pipeline/bus/bus.js';
import type { BusMember } from '../../src/pipeline/bus/member.js';
import { joinBus, setUpBus } from '../../src/pipeline/bus/nats/connect-bus.js';
import { doneEvent, epochEvent, failedEvent, retriedEvent } from '../support/job-events.js';
import { testJob } from '../support/jobs.js';
import { natsServer, startNats, type TestServer } from '../support/nats-server.js';

const deployed = join(import.meta.dirname, '../../deploy/nats/nats-server.conf');
const member: BusMember = {
  ...{ v: 1, id: 'w', role: 'orchestrator', host: 'h', pid: 1, codeVersion: '1.0.0', node: 'v20.19.0' },
  ...{ backend: 'wasm', classes: ['gpu'], slots: { cpu: 0, gpu: 1 }, run: null, state: 'working' },
  ...{ jobs: [], since: '2026-01-01T00:00:00.000Z' },
};
const signal = AbortSignal.timeout(30_000);

// The shipped configuration gives each role only the permissions that it needs. These tests check that everything the
// adapter does for a role is allowed.
describe.skipIf(natsServer === null)('the roles on a server with the shipped permissions', () => {
  let server: TestServer;
  let address: (role: BrokerRole) => BrokerAddress;
  let [orchestrator, worker, viewer]: Bus[] = [];

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'haf-roles-'));
    createUsers(folder);
    const keys = Object.entries(publicKeys(folder)).map(([role, key]) => [
      keyVariable(role as BrokerRole),
      key,
    ]);
    const config = readFileSync(deployed, 'utf8')
      .replace(/^host:.*\nport:.*$/m, '')
      .replace(/^tls \{[^}]*\}/m, '')
      .replace('"/data"', `"${folder}"`);
    server = await startNats(config, { env: Object.fromEntries(keys) as NodeJS.ProcessEnv, cwd: folder });
    address = (role) => ({
      ...{ servers: [`127.0.0.1:${server.port}`], tls: null, origin: 'test' },
      auth: { kind: 'nkey', seed: readFileSync(seedFile(folder, role), 'utf8').trim() },
    });
    orchestrator = await setUpBus(address('orchestrator'), 2000);
    worker = (await joinBus(address('worker'), 'worker')) as Bus;
    viewer = (await joinBus(address('viewer'), 'viewer')) as Bus;
  }, 30_000);
  afterAll(async () => {
    await Promise.all([orchestrator?.close(), worker?.close(), viewer?.close()]);
    await server?.stop();
  });
  const all = (): readonly [Bus, Bus, Bus] => [orchestrator as Bus, worker as Bus, viewer as Bus];

  it('do the work of a job together: queue, claim, beat, tell, retry, settle, look on', async () => {
    const [up, hands, eyes] = all();
    await up.enqueue(testJob('a'));
    expect((await eyes.load()).queues.gpu.waiting).toBe(1);
    const first = await hands.claim('gpu', 'w', signal);
    await first?.heartbeat();
    await first?.publish(epochEvent('a', 1));
    expect(await first?.fail(true, () => retriedEvent('a'))).toBe('retried');
    const second = await hands.claim('gpu', 'w', signal);
    expect(second?.attempt).toBe(2);
    expect(await second?.commit(doneEvent('a'))).toBe('committed');
    expect(await eyes.published('run-1')).toBe(3);
    const events = await firstValueFrom(eyes.events('run-1').pipe(take(3), toArray()));
    expect(events.map(({ type }) => type)).toEqual(['job-epoch', 'job-retried', 'job-done']);
    expect(await eyes.latestRun()).toBe('run-1');
  });

  it('know each other, and give a job up that nobody can do', async () => {
    const [up, hands, eyes] = all();
    const membership = await hands.join(member);
    expect((await eyes.members()).map(({ id }) => id)).toEqual(['w']);
    await up.enqueue(testJob('declined'));
    const lease = await hands.claim('gpu', 'w', signal);
    expect(await lease?.decline(() => failedEvent('declined'))).toBe('given-up');
    expect((await eyes.load()).deadLetters).toBe(1);
    await membership.leave();
    expect(await eyes.members()).toEqual([]);
  });

  it('hear of a cancelled run at once', async () => {
    const [up, hands] = all();
    await up.enqueue(testJob('cancelled', { run: 'run-2' }));
    await up.enqueue(testJob('waiting', { run: 'run-2' }));
    const lease = await hands.claim('gpu', 'w', signal);
    const lost = new Promise<void>((resolve) => lease?.lost.addEventListener('abort', () => resolve()));
    await up.cancel('run-2');
    await lost;
    expect((await up.load()).queues.gpu.waiting).toBe(0);
  });

  it('are told when they come with the credentials of another role', async () => {
    const wrong = joinBus(address('worker'), 'viewer');
    await expect(wrong).rejects.toMatchObject({ code: 'HAF_BROKER_REFUSED' });
    await expect(wrong).rejects.toThrow('viewer.nk');
    await expect(setUpBus(address('viewer'), 2000)).rejects.toMatchObject({ code: 'HAF_BROKER_REFUSED' });
  });
});
