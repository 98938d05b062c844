import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokerFolder } from '../../src/pipeline/broker/broker-folder.js';
import { stopOwnBroker } from '../../src/pipeline/broker/own-broker.js';
import { openRunBus, type OpenedBus } from '../../src/pipeline/cli/open-bus.js';
import { testMember } from '../support/members.js';
import { natsServer } from '../support/nats-server.js';

const openBus = join(import.meta.dirname, '../../dist/src/pipeline/cli/open-bus.js');

// The last user of a broker is killed by SIGKILL, so it cannot end the broker.
describe.skipIf(natsServer === null)('the watcher of a broker', () => {
  let store = '';
  let folder: BrokerFolder;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    store = mkdtempSync(join(tmpdir(), 'haf-watched-'));
    folder = new BrokerFolder(store);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await stopOwnBroker(store);
    folder.endWatcher();
    rmSync(store, { recursive: true, force: true });
  });

  const start = (): Promise<OpenedBus> =>
    openRunBus({ broker: {}, store, useBroker: true, leaseMs: 60_000, onNote: () => undefined });
  /** A worker in a separate process that joins the bus and does nothing else. Resolves when it has joined. */
  const worker = async (): Promise<ChildProcess> => {
    const member = testMember({ id: 'w', host: hostname() });
    const code = `const { openJoinedBus } = await import(${JSON.stringify(openBus)});
      const { bus } = await openJoinedBus('worker', { broker: {}, store: ${JSON.stringify(store)} });
      await bus.join({ ...${JSON.stringify(member)}, pid: process.pid });
      console.log('joined');
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    return child;
  };
  const runs = (): boolean => folder.runningProcess() !== null;
  const untilEnded = async (): Promise<void> => {
    for (const end = Date.now() + 60_000; runs() && Date.now() < end; await sleep(100));
  };

  it('ends it after SIGKILL of the worker that alone kept it, and itself', async () => {
    const run = await start();
    const child = await worker();
    const watcher = folder.watcher();
    expect(watcher).not.toBeNull();
    await run.close();
    // The watcher checks at least once in this time.
    await sleep(7000);
    expect([runs(), folder.watcher()]).toEqual([true, watcher]);
    child.kill('SIGKILL');
    await untilEnded();
    expect(runs()).toBe(false);
    for (const end = Date.now() + 20_000; folder.watcher() !== null && Date.now() < end; await sleep(100));
    expect(folder.watcher()).toBeNull();
  }, 120_000);

  it('ends with the broker when the last command leaves as it should', async () => {
    const run = await start();
    expect(folder.watcher()).not.toBeNull();
    await run.close();
    expect(runs()).toBe(false);
    for (const end = Date.now() + 5000; folder.watcher() !== null && Date.now() < end; await sleep(50));
    expect(folder.watcher()).toBeNull();
  });
});
