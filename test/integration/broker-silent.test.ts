import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ended, startCli, type CliResult } from '../support/cli.js';

const info = JSON.stringify({
  ...{
    server_id: 'x',
    version: '2.10.0',
    host: '127.0.0.1',
    port: 1,
    max_payload: 1_048_576,
    jetstream: true,
  },
  headers: true,
});

/** Behaviours of a port that accepts connections but is no NATS server. */
const ports: Readonly<Record<string, (socket: Socket) => void>> = {
  'stays silent': () => undefined,
  'greets and stays silent': (socket) => socket.write(`INFO ${info}\r\n`),
  // A NATS server that answers pings and no JetStream request.
  'answers nothing but pings': (socket) => {
    socket.write(`INFO ${info}\r\n`);
    socket.on('data', (chunk) => {
      if (chunk.includes('PING')) socket.write('PONG\r\n');
    });
  },
};

const commands: readonly (readonly string[])[] = [
  ['status'],
  ['workers', '--json'],
  ['watch'],
  ['cancel', 'run-1'],
  ['worker', '--class', 'cpu'],
];

// The commands run at the same time, because each of them mostly waits for its timeout.
describe('a port that accepts connections', () => {
  const folder = mkdtempSync(join(tmpdir(), 'haf-silent-'));
  const sockets: Socket[] = [];
  const servers: Server[] = [];
  const results = new Map<string, CliResult | 'still running'>();
  const nameOf = (kind: string, command: readonly string[]): string => `${kind}: ${command[0]}`;
  const wanted = Object.keys(ports).flatMap((kind) =>
    commands
      // This server looks like a broker that is just starting. `worker` waits for such a broker, so it is left out.
      .filter(([name]) => name !== 'worker' || kind !== 'answers nothing but pings')
      .map((command) => ({ kind, command })),
  );

  beforeAll(async () => {
    const urls = new Map<string, string>();
    for (const [kind, behave] of Object.entries(ports)) {
      const server = createServer((socket) => {
        sockets.push(socket);
        socket.on('error', () => undefined);
        behave(socket);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      servers.push(server);
      urls.set(kind, `nats://127.0.0.1:${(server.address() as AddressInfo).port}`);
    }
    await Promise.all(
      wanted.map(async ({ kind, command }) => {
        const child = startCli([...command, '--nats', urls.get(kind) ?? ''], folder);
        const result = await Promise.race([ended(child), sleep(100_000, 'still running' as const)]);
        child.kill('SIGKILL');
        results.set(nameOf(kind, command), result);
      }),
    );
  }, 120_000);
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(wanted.map(({ kind, command }) => nameOf(kind, command)))(
    '%s ends, and says what is wrong',
    (name) => {
      const result = results.get(name);
      expect(result).toMatchObject({ code: 69 });
      expect((result as CliResult).stderr).toMatch(/^HAF_BROKER_UNREACHABLE .*not answer/m);
    },
  );
});
