import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { BrokerFolder } from '../../src/pipeline/broker/broker-folder.js';
import { startOwnBroker, stopOwnBroker } from '../../src/pipeline/broker/own-broker.js';
import { broker } from '../../src/pipeline/cli/broker.js';
import { openRunBus, type RunBusOptions } from '../../src/pipeline/cli/open-bus.js';
import { fault } from '../support/fault.js';
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
