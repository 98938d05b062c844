import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect as connectTcp, createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokerFolder, networkFileSystem } from '../../src/pipeline/broker/broker-folder.js';
import { findOwnBroker, startOwnBroker, stopOwnBroker } from '../../src/pipeline/broker/own-broker.js';
import { findServer } from '../../src/pipeline/broker/server-binary.js';
import { connectTo } from '../../src/pipeline/bus/nats/connect.js';
import { atLeast } from '../../src/pipeline/bus/nats/server-version.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import { fault } from '../support/fault.js';
import { natsServer } from '../support/nats-server.js';

let store: string;
let folder: BrokerFolder;
beforeEach(() => {
  store = mkdtempSync(join(tmpdir(), 'haf-own-'));
  folder = new BrokerFolder(store);
});
afterEach(async () => {
  await stopOwnBroker(store);
  rmSync(store, { recursive: true, force: true });
});

const ownBroker = join(import.meta.dirname, '../../dist/src/pipeline/broker/own-broker.js');

/** Calls `startOwnBroker` in another Node process. Returns the process of the broker, and whether this call spawned it. */
async function startElsewhere(): Promise<{ pid: number; spawned: boolean }> {
  const code = `const { startOwnBroker } = await import(${JSON.stringify(ownBroker)});
    const { pid, spawned } = await startOwnBroker(${JSON.stringify(store)});
    console.log(JSON.stringify({ pid, spawned }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
  return JSON.parse(stdout) as { pid: number; spawned: boolean };
}

async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  while (folder.runningProcess() === pid) await sleep(5);
}

describe.skipIf(natsServer === null)('the broker of a store', () => {
  it('listens on this machine only, with a token that only its owner can read', async () => {
    expect(await findOwnBroker(store)).toBeNull();
    const broker = await startOwnBroker(store);
    const address = broker.address('worker');
    expect(address.servers).toEqual([`127.0.0.1:${broker.port}`]);
    for (const name of ['token', 'nats-server.conf', 'settings.json'])
      expect([name, statSync(join(folder.path, name)).mode & 0o777]).toEqual([name, 0o600]);
    expect(statSync(folder.path).mode & 0o077).toBe(0);
    const error = await fault(
      connectTo({ ...address, auth: { kind: 'token', token: 'guess' } }, { name: 'x', role: 'worker' }),
    );
    expect(error.code).toBe('HAF_BROKER_REFUSED');
    const connection = await connectTo(address, { name: 'x', role: 'worker' });
    expect(connection.info?.jetstream).toBe(true);
    await connection.close();
    const config = readFileSync(folder.config, 'utf8');
    expect(config.includes('sync_interval: always')).toBe(atLeast(natsServer!.version, '2.10.0'));
  });

  it('is one, however many processes start it at once, and outlives them', async () => {
    const started = await Promise.all([startElsewhere(), startElsewhere(), startElsewhere()]);
    expect(started.filter(({ spawned }) => spawned)).toHaveLength(1);
    expect(new Set(started.map(({ pid }) => pid)).size).toBe(1);
    expect(await findOwnBroker(store)).toMatchObject({ pid: started[0]?.pid, spawned: false });
    await kill(started[0].pid);
    const again = await Promise.all([startElsewhere(), startElsewhere(), startElsewhere()]);
    expect(again.filter(({ spawned }) => spawned)).toHaveLength(1);
    expect(new Set(again.map(({ pid }) => pid)).size).toBe(1);
  });

  it('comes back after kill -9 where its clients look for it, with what it stored', async () => {
    const first = await startOwnBroker(store);
    const connection = await connectTo(first.address('orchestrator'), { name: 'x', role: 'orchestrator' });
    const manager = await connection.jetstreamManager();
    await manager.streams.add({ name: 'KEPT', subjects: ['kept'] });
    await connection.jetstream().publish('kept', 'x');
    await kill(first.pid);
    expect(await findOwnBroker(store)).toBeNull();
    const second = await startOwnBroker(store);
    expect(second).toMatchObject({ spawned: true, port: first.port });
    expect(second.pid).not.toBe(first.pid);
    await expect
      .poll(() => manager.streams.info('KEPT').catch(() => null), { timeout: 10_000 })
      .toMatchObject({
        state: { messages: 1 },
      });
    await connection.close();
  });

  it('takes another port when its former one is taken meanwhile', async () => {
    const first = await startOwnBroker(store);
    await kill(first.pid);
    const squatter = createServer().listen(first.port, '127.0.0.1');
    // A port may stay occupied for a moment after its process was killed. So the test tries again.
    squatter.on('error', () => setTimeout(() => squatter.listen(first.port, '127.0.0.1'), 20));
    await expect.poll(() => squatter.listening, { timeout: 10_000 }).toBe(true);
    const second = await startOwnBroker(store);
    expect(second.port).not.toBe(first.port);
    squatter.close();
  });

  it('is not doubled while its process hangs', async () => {
    const { pid } = await startOwnBroker(store);
    process.kill(pid, 'SIGSTOP');
    const error = await fault(startOwnBroker(store));
    expect(error.code).toBe('HAF_BROKER_UNREACHABLE');
    expect(error.fix).toContain(`kill -9 ${pid}`);
    process.kill(pid, 'SIGCONT');
    expect(await startOwnBroker(store)).toMatchObject({ pid, spawned: false });
  });

  it('is not confused with a process that has its number now', async () => {
    folder.prepare();
    folder.write({ v: 1, host: '127.0.0.1', port: 0, security: null, tls: false }, '');
    folder.recordProcess(process.pid);
    expect(await findOwnBroker(store)).toBeNull();
    expect((await startOwnBroker(store)).spawned).toBe(true);
  });

  it('takes over the lock of a starter that died', async () => {
    mkdirSync(folder.path, { recursive: true });
    const dead = { pid: 2 ** 22 - 1, host: hostname(), started: '1', since: 'then' };
    writeFileSync(join(folder.path, '.lock'), JSON.stringify(dead));
    expect((await startOwnBroker(store)).spawned).toBe(true);
    expect(existsSync(join(folder.path, '.lock'))).toBe(false);
  });

  it('ends when told, and once', async () => {
    const { port } = await startOwnBroker(store);
    expect(await stopOwnBroker(store)).toBe(true);
    expect(await findOwnBroker(store)).toBeNull();
    const refused = new Promise<string | undefined>((resolve) =>
      connectTcp(port, '127.0.0.1').once('error', (error: NodeJS.ErrnoException) => resolve(error.code)),
    );
    expect(await refused).toBe('ECONNREFUSED');
    expect(await stopOwnBroker(store)).toBe(false);
  });

  it('that does not come up shows the end of its log', async () => {
    mkdirSync(folder.path, { recursive: true });
    writeFileSync(join(folder.path, 'jetstream'), 'a file where the server wants a folder');
    const error = await fault(startOwnBroker(store));
    expect(error.code).toBe('HAF_BROKER_UNREACHABLE');
    expect(error.what).toMatch(/jetstream/i);
    expect(error.fix).toContain(folder.log);
  });
});

describe('the folder of a broker', () => {
  it('must not be a file, nor on a network file system', async () => {
    writeFileSync(join(store, 'broker'), '');
    expect(HafError.from(await startOwnBroker(store).catch((error: unknown) => error)).code).toBe(
      'HAF_PATH_UNUSABLE',
    );
    expect([0x6969, 0xff534d42, 0xef53, 0x01021994].map(networkFileSystem)).toEqual([
      'NFS',
      'SMB',
      null,
      null,
    ]);
  });
});

describe('finding a nats-server', () => {
  function program(name: string, says: string): string {
    const path = join(store, name);
    writeFileSync(path, `#!/bin/sh\necho "${says}"\n`);
    chmodSync(path, 0o755);
    return path;
  }

  it('prefers HAF_NATS_SERVER to PATH, and PATH to the usual folders', () => {
    program('nats-server', 'nats-server: v2.11.3');
    const named = program('other', 'nats-server: v2.12.0');
    expect(findServer({ PATH: `/nowhere:${store}` })).toEqual({
      path: join(store, 'nats-server'),
      version: '2.11.3',
    });
    expect(findServer({ PATH: store, HAF_NATS_SERVER: named })?.version).toBe('2.12.0');
  });

  it('refuses one that is too old, something else, or not there', () => {
    const of = (path: string): string => {
      try {
        return JSON.stringify(findServer({ HAF_NATS_SERVER: path }));
      } catch (error) {
        return (error as HafError).code === 'HAF_BROKER_UNFIT' ? (error as HafError).what : String(error);
      }
    };
    expect(of(program('old', 'nats-server: v2.9.9'))).toContain('2.9.9');
    expect(of(program('other', 'hello'))).toContain('hello');
    expect(of(join(store, 'none'))).toContain('HAF_NATS_SERVER');
  });

  it('compares versions by number', () => {
    expect(
      ['2.9.10', '2.10.0', '3.0.0', '2.15.1-beta.1'].every((version) => atLeast(version, '2.9.10')),
    ).toBe(true);
    expect(['2.9.9', '2.8.11', '1.99.99', 'unknown'].some((version) => atLeast(version, '2.9.10'))).toBe(
      false,
    );
  });
});
