import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { filter, firstValueFrom } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { BrokerFolder } from '../../src/pipeline/broker/broker-folder.js';
import { startOwnBroker, stopOwnBroker } from '../../src/pipeline/broker/own-broker.js';
import { broker } from '../../src/pipeline/cli/broker.js';
import { openJoinedBus, openRunBus, type RunBusOptions } from '../../src/pipeline/cli/open-bus.js';
import { prepareBroker } from '../../src/pipeline/bus/nats/connect-bus.js';
import { fault } from '../support/fault.js';
import { testMember } from '../support/members.js';
import { natsServer } from '../support/nats-server.js';

// A server with too little room for the streams, as on a small disk.
describe.skipIf(natsServer === null)('the broker that a command started and cannot use', () => {
  let [folder, store] = ['', ''];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'haf-left-'));
    const script = join(folder, 'small-server');
    const path = natsServer?.path ?? '';
    writeFileSync(
      script,
      `#!/bin/sh\n[ "$1" = -c ] && sed -i 's/^jetstream {/jetstream {\\n  max_file_store: 8MB/' "$2"\nexec ${path} "$@"\n`,
    );
    chmodSync(script, 0o755);
    vi.stubEnv('HAF_NATS_SERVER', script);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => void (store = mkdtempSync(join(folder, 'store-'))));
  afterEach(() => stopOwnBroker(store));

  const options = (more: Partial<RunBusOptions> = {}): RunBusOptions => ({
    ...{ broker: {}, store, useBroker: true, leaseMs: 60_000, onNote: () => undefined },
    ...more,
  });
  const process = (): number | null => new BrokerFolder(store).runningProcess();

  it('ends with it: a run that goes on in its process', async () => {
    const opened = await openRunBus(options());
    expect(opened.notes.join()).toMatch(/in-process.*room/);
    expect(process()).toBeNull();
    await opened.close();
    expect(process()).toBeNull();
  });

  it('ends with it: a run that others were to join, and the broker command', async () => {
    const listen = { host: '127.0.0.1:0', tls: false };
    expect((await fault(openRunBus(options({ listen })))).code).toBe('HAF_BROKER_UNFIT');
    expect(process()).toBeNull();
    expect((await fault(broker({ store }))).code).toBe('HAF_BROKER_UNFIT');
    expect(process()).toBeNull();
  });

  it('is left alone when another command started it', async () => {
    const running = await startOwnBroker(store);
    await openRunBus(options());
    expect(process()).toBe(running.pid);
  });

  it('ends with a run whose broker stopped answering', async () => {
    vi.stubEnv('HAF_NATS_SERVER', natsServer?.path ?? '');
    const opened = await openRunBus(options());
    const pid = process();
    expect(pid).not.toBeNull();
    globalThis.process.kill(pid as number, 'SIGSTOP');
    await opened.close();
    expect(process()).toBeNull();
  });
});

// The last command asked who uses the broker. Then a worker joined. Then the command ended the broker.
describe.skipIf(natsServer === null)('a broker that ended while a worker joined', () => {
  let store = '';
  beforeEach(() => void (store = mkdtempSync(join(tmpdir(), 'haf-left-'))));
  afterEach(async () => {
    await stopOwnBroker(store);
    rmSync(store, { recursive: true, force: true });
  });

  const start = () =>
    openRunBus({ broker: {}, store, useBroker: true, leaseMs: 60_000, onNote: () => undefined });
  /** A worker whose broker was ended by another command, and the port of this broker. */
  const orphaned = async () => {
    const own = await startOwnBroker(store);
    await prepareBroker(own.address('orchestrator'), 60_000);
    const worker = await openJoinedBus('worker', { broker: {}, store });
    const membership = await worker.bus.join(
      testMember({ id: 'w', host: hostname(), pid: globalThis.process.pid }),
    );
    await stopOwnBroker(store);
    const end = async (): Promise<void> => {
      await membership.leave().catch(() => undefined);
      await worker.leave();
    };
    return { bus: worker.bus, port: own.port, end };
  };
  const runs = (): boolean => new BrokerFolder(store).runningProcess() !== null;

  it('starts again on its former port, where the worker finds it', async () => {
    const { bus, port, end } = await orphaned();
    const run = await start();
    expect(new BrokerFolder(store).portOf()).toBe(port);
    await firstValueFrom(bus.connection.pipe(filter((state) => state === 'connected')));
    expect((await bus.members()).map(({ id }) => id)).toEqual(['w']);
    await run.close();
    expect(runs()).toBe(true);
    await end();
    expect(runs()).toBe(false);
  });

  it('ends with the worker, although it runs on another port', async () => {
    const { port, end } = await orphaned();
    const taken = await listenOn(port);
    const run = await start();
    expect(new BrokerFolder(store).portOf()).not.toBe(port);
    // The worker is still registered and its process is alive, so the broker must not end with the run.
    await run.close();
    expect(runs()).toBe(true);
    await end();
    expect(runs()).toBe(false);
    taken.close();
  });

  it('is left to another command that uses it on another port', async () => {
    const { port, end } = await orphaned();
    const taken = await listenOn(port);
    const run = await start();
    await run.bus.join(testMember({ id: 'up', host: 'another machine' }));
    await end();
    expect(runs()).toBe(true);
    taken.close();
    await run.close();
  });
});

const listenOn = (port: number | null): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.listen(port ?? 0, '127.0.0.1', () => resolve(server));
  });
