import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findServer, type ServerBinary } from '../../src/pipeline/broker/server-binary.js';

/** The nats-server of this machine, or null; HAF_NATS_SERVER chooses another. Test suites that need one are skipped without it. */
export const natsServer = findServer();
if (natsServer === null)
  console.warn('SKIPPED: no nats-server (apt install nats-server, or set HAF_NATS_SERVER)');

/** A second version of the server, which HAF_TEST_NATS_SERVER names. The protection of the broker must work with both. */
const other = process.env['HAF_TEST_NATS_SERVER'];
const otherServer = other === undefined ? null : findServer({ HAF_NATS_SERVER: other });

/** The servers that the attack tests use. `server` is null if this machine has none; the suite is then skipped. */
export const attackedServers: readonly { readonly version: string; readonly server: ServerBinary | null }[] =
  [
    { version: natsServer?.version ?? 'none', server: natsServer },
    ...(otherServer ? [{ version: otherServer.version, server: otherServer }] : []),
  ];

export interface TestServer {
  readonly port: number;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

export interface TestServerOptions {
  /** Working directory. Relative file names in the configuration start here. */
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** @default the server of this machine */
  readonly server?: ServerBinary | null;
}

/**
 * Starts a separate server on a free loopback port. `config` is the text of nats-server.conf without host and port; `$STORE` in it is
 * replaced by a new folder.
 */
export async function startNats(config: string, options: TestServerOptions = {}): Promise<TestServer> {
  const server = options.server ?? natsServer;
  if (server === null) throw new Error('no nats-server on this machine');
  const folder = mkdtempSync(join(tmpdir(), 'haf-nats-'));
  const file = join(folder, 'test.conf');
  writeFileSync(file, config.replaceAll('$STORE', folder));
  const args = ['-c', file, '-a', '127.0.0.1', '-p', '-1', '--ports_file_dir', folder];
  const child = spawn(server.path, args, {
    cwd: options.cwd ?? folder,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (let tries = 0; tries < 500 && child.exitCode === null; tries++) {
    const name = readdirSync(folder).find((entry) => entry.endsWith('.ports'));
    const ports = name && readFileSync(join(folder, name), 'utf8');
    const port = Number(/:(\d+)"/.exec(ports || '')?.[1]);
    if (port)
      return {
        port,
        process: child,
        stop: async () => {
          child.kill('SIGKILL');
          await ended;
          rmSync(folder, { recursive: true, force: true });
        },
      };
    await sleep(10);
  }
  child.kill('SIGKILL');
  throw new Error(`nats-server did not come up:\n${log}`);
}

/** The smallest configuration that connectTo accepts. */
export const jetstream = 'jetstream { store_dir: "$STORE" }\n';
