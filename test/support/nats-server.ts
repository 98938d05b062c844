import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerAddress } from '../../src/pipeline/broker/address.js';
import { requireServer } from '../../src/pipeline/broker/server-binary.js';

export interface TestServer {
  readonly address: BrokerAddress;
  stop(): Promise<void>;
}

/** A nats-server with an empty store and a port of its own. */
export async function startNatsServer(): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'haf-nats-'));
  const listening = ['-a', '127.0.0.1', '-p', '-1', '--ports_file_dir', folder];
  const server = spawn(requireServer().path, ['-js', '-sd', join(folder, 'store'), ...listening], {
    stdio: 'ignore',
  });
  const ended = once(server, 'exit');
  const stop = async (): Promise<void> => {
    server.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const patience = AbortSignal.timeout(10_000);
  while (!patience.aborted && server.exitCode === null) {
    const url = portsIn(folder);
    if (url) return { address: { servers: [url], auth: { kind: 'none' }, tls: null, origin: 'test' }, stop };
    await sleep(10);
  }
  await stop();
  throw new Error('nats-server did not start');
}

/** What the server says where it listens, once it has written it. */
function portsIn(folder: string): string | null {
  const file = readdirSync(folder).find((name) => name.endsWith('.ports'));
  try {
    const ports = JSON.parse(readFileSync(join(folder, file ?? ''), 'utf8')) as { nats: string[] };
    return ports.nats[0]?.replace('nats://', '') ?? null;
  } catch {
    return null;
  }
}
