import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokerFolder } from '../../src/pipeline/broker/broker-folder.js';
import { addressFrom } from '../../src/pipeline/broker/connect-options.js';
import { listen } from '../../src/pipeline/broker/listen.js';
import { findOwnBroker, startOwnBroker, stopOwnBroker } from '../../src/pipeline/broker/own-broker.js';
import { initSecurity } from '../../src/pipeline/broker/security-files.js';
import { connectTo } from '../../src/pipeline/bus/nats/connect.js';
import { cli, ended, startCli } from '../support/cli.js';
import { fault } from '../support/fault.js';
import { natsServer } from '../support/nats-server.js';

let store: string;
beforeEach(() => (store = mkdtempSync(join(tmpdir(), 'haf-listen-'))));
afterEach(async () => {
  await stopOwnBroker(store);
  rmSync(store, { recursive: true, force: true });
});

/** Starts `haf-pipeline broker`. Resolves when the command has printed how to stop it, or has ended. */
async function startBroker(...args: readonly string[]) {
  const child = startCli(['broker', '--store', store, ...args], store);
  const result = ended(child);
  let said = '';
  await new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()).includes('Ctrl-C') && resolve());
    child.once('close', () => resolve());
  });
  return { child, result };
}

describe.skipIf(natsServer === null)('haf-pipeline broker', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('runs until %s and takes its server with it', async (signal) => {
    const { child, result } = await startBroker();
    const running = await findOwnBroker(store);
    expect(running?.settings).toMatchObject({ host: '127.0.0.1', security: null });
    child.kill(signal);
    const { code, stdout } = await result;
    expect(code).toBe(0);
    expect(stdout).toContain(`haf-pipeline worker --store ${store}`);
    expect(new BrokerFolder(store).runningProcess()).toBeNull();
  });

  it('lets workers and people in before the first run, and a second one of its store not', async () => {
    const { child, result } = await startBroker();
    const looked = await cli(['workers', '--store', store], store);
    expect([looked.code, looked.stderr]).toEqual([0, expect.stringContaining('There are no workers')]);
    const second = await cli(['broker', '--store', store], store);
    expect([second.code, second.stderr]).toEqual([
      64,
      expect.stringContaining('Another "haf-pipeline broker" keeps'),
    ]);
    // The broker still runs after a command has connected to it and disconnected.
    expect(new BrokerFolder(store).runningProcess()).not.toBeNull();
    child.kill('SIGTERM');
    expect((await result).code).toBe(0);
  });

  it('ends with an error when its server does', async () => {
    const { result } = await startBroker();
    process.kill((await findOwnBroker(store))!.pid, 'SIGKILL');
    const { code, stderr } = await result;
    expect([code, stderr.includes('ended by itself')]).toEqual([69, true]);
  });

  it('prints what to copy to the machines of workers and to type there', async () => {
    const { child, result } = await startBroker('--listen', '0.0.0.0:0', '--tls');
    child.kill('SIGTERM');
    const { stdout } = await result;
    const [, server, port, ca] = /--nats (tls:\/\/(?:[^:]+):(\d+)) --creds worker.nk --tlsca (\S+)/.exec(
      stdout,
    )!;
    expect([server, ca]).toEqual([`tls://${hostname()}:${port}`, 'ca.pem']);
    expect(stdout).toContain(join(store, 'broker/security/worker.nk'));
  });
});

describe.skipIf(natsServer === null)('listening beyond this machine', () => {
  const workerAddress = (port: number, scheme: string, more: object = {}) => {
    const security = join(store, 'broker/security');
    const creds = join(security, 'worker.nk');
    return addressFrom({ nats: `${scheme}://localhost:${port}`, creds, ...more }, {})!;
  };
  const tlsca = () => join(store, 'broker/security/ca.pem');

  it('needs the user of a role, and TLS when asked for', async () => {
    const broker = await listen({ store, listen: '0.0.0.0:0', tls: true });
    for (const role of ['orchestrator', 'worker', 'viewer'] as const)
      await (await connectTo(broker.address(role), { name: role, role })).close();
    const worker = { name: 'w', role: 'worker' } as const;
    await (await connectTo(workerAddress(broker.port, 'tls', { tlsca: tlsca() }), worker)).close();
    const { auth, ...rest } = workerAddress(broker.port, 'tls', { tlsca: tlsca() });
    expect(auth.kind).toBe('nkey');
    expect((await fault(connectTo({ ...rest, auth: { kind: 'none' } }, worker))).code).toBe(
      'HAF_BROKER_REFUSED',
    );
    const plain = workerAddress(broker.port, 'nats');
    expect((await fault(connectTo(plain, worker))).code).toBe('HAF_BROKER_REFUSED');
  });

  it('without TLS says that anybody may listen in', async () => {
    const broker = await listen({ store, listen: '0.0.0.0:0' });
    expect(broker.advice.join('\n')).toMatch(/--insecure\nwarning: without --tls/);
    await (await connectTo(workerAddress(broker.port, 'nats'), { name: 'w', role: 'worker' })).close();
  });

  it('keeps its users when TLS comes later, so that their files stay good', async () => {
    await listen({ store, listen: '0.0.0.0:0' });
    const seed = readFileSync(join(store, 'broker/security/worker.nk'), 'utf8');
    const other = await fault(listen({ store, listen: '0.0.0.0:0', tls: true }));
    expect(other.code).toBe('HAF_USAGE');
    expect(other.what).toContain('runs already, with other settings');
    await stopOwnBroker(store);
    const broker = await listen({ store, listen: '0.0.0.0:0', tls: true });
    expect(readFileSync(join(store, 'broker/security/worker.nk'), 'utf8')).toBe(seed);
    const again = await listen({ store, listen: '0.0.0.0:0', tls: true });
    expect(again).toMatchObject({ pid: broker.pid, spawned: false });
    expect(await startOwnBroker(store)).toMatchObject({ pid: broker.pid, spawned: false });
  });

  it('uses the folder that security init wrote, if its certificate fits', async () => {
    const security = join(store, 'lab');
    await initSecurity(security, { hosts: ['127.0.0.3'], days: 1 });
    const refused = await fault(listen({ store, listen: '127.0.0.2', tls: true, security }));
    expect([refused.code, refused.what.includes('127.0.0.2')]).toEqual(['HAF_USAGE', true]);
    const broker = await listen({ store, listen: '127.0.0.3', tls: true, security });
    expect(broker.address('worker').servers).toEqual([`127.0.0.3:${broker.port}`]);
  });

  it.each(['', 'host:port', 'a:1:2', ':4222', '0.0.0.0:99999', '[::1'])(
    'refuses to listen on %j',
    async (text) => {
      const error = await fault(listen({ store, listen: text }));
      expect([error.code, error.what.includes('--listen')]).toEqual(['HAF_USAGE', true]);
    },
  );
});
