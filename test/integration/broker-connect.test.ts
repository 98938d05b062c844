import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BrokerAddress, BrokerAuth, BrokerTls } from '../../src/pipeline/bus/nats/address.js';
import { makeCertificates, type Certificates } from '../../src/pipeline/broker/certificates.js';
import { createCertificates, createUsers, seedFile } from '../../src/pipeline/broker/security-files.js';
import { readCredentials } from '../../src/pipeline/broker/credentials.js';
import { connectTo } from '../../src/pipeline/bus/nats/connect.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import { jetstream, natsServer, startNats, type TestServer } from '../support/nats-server.js';

const at = (
  server: string | number,
  auth: BrokerAuth = { kind: 'none' },
  tls: BrokerTls | null = null,
): BrokerAddress => ({
  servers: [typeof server === 'number' ? `127.0.0.1:${server}` : server],
  auth,
  tls,
  origin: '--nats',
});

const options = { name: 'test', role: 'worker' } as const;

async function fault(address: BrokerAddress): Promise<HafError> {
  try {
    await (await connectTo(address, options)).close();
  } catch (error) {
    if (error instanceof HafError) return error;
    throw error;
  }
  throw new Error('expected an error');
}

const folders: string[] = [];
const servers: (TestServer | { stop(): Promise<void> })[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'haf-connect-'));
  folders.push(folder);
  return folder;
};
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function nats(...args: Parameters<typeof startNats>): Promise<number> {
  const server = await startNats(...args);
  servers.push(server);
  return server.port;
}

/** A TCP server that sends the given greeting and answers PING as a NATS server does. */
function speaking(greeting: string): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (greeting !== '') socket.write(greeting);
    socket.on('data', (chunk) => chunk.includes('PING') && socket.write('PONG\r\n'));
  });
  servers.push({
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
}

describe('a broker that is not there', () => {
  it('is named with its address, where that came from, and how to start one', async () => {
    const port = await speaking('');
    await servers.pop()?.stop();
    const error = await fault(at(port));
    expect(error).toMatchObject({ code: 'HAF_BROKER_UNREACHABLE', exitCode: 69, retryable: true });
    expect(error.what).toContain(`127.0.0.1:${port} (--nats)`);
    expect(error.fix).toContain('haf-pipeline broker');
  });

  it('may be a host that does not exist', async () => {
    expect((await fault(at('no-such-host.invalid:4222'))).code).toBe('HAF_BROKER_UNREACHABLE');
  });

  it('may be a server of something else, or a silent one', async () => {
    const other = await fault(at(await speaking('SSH-2.0-OpenSSH_9.6\r\n')));
    expect(other.code).toBe('HAF_BROKER_UNREACHABLE');
    const silent = await fault(at(await speaking('')));
    expect(silent.what).toContain('does not answer');
  });
});

describe('a server that does not fit', () => {
  const info = (fields: object): string =>
    `INFO ${JSON.stringify({ server_id: 'x', host: 'h', port: 1, headers: true, proto: 1, max_payload: 1048576, ...fields })}\r\n`;

  it('is too old', async () => {
    const port = await speaking(info({ version: '2.9.9', jetstream: true }));
    const error = await fault(at(port));
    expect(error).toMatchObject({ code: 'HAF_BROKER_UNFIT', exitCode: 69 });
    expect(error.what).toContain('2.9.9');
    const fit = await connectTo(at(await speaking(info({ version: '2.10.0', jetstream: true }))), options);
    await fit.close();
  });

  it.skipIf(natsServer === null)('runs without JetStream', async () => {
    const error = await fault(at(await nats('')));
    expect(error.code).toBe('HAF_BROKER_UNFIT');
    expect(error.what).toContain('JetStream');
  });
});

describe.skipIf(natsServer === null)('credentials', () => {
  it('must be given, and be the right ones', async () => {
    const folder = newFolder();
    const users = createUsers(join(folder, 'right'));
    createUsers(join(folder, 'wrong'));
    const port = await nats(`${jetstream} authorization { users: [ { nkey: ${users.worker} } ] }`);
    const seed = (name: string) => readCredentials(seedFile(join(folder, name), 'worker'), '--creds', false);
    await (await connectTo(at(port, seed('right')), options)).close();
    const wrong = await fault(at(port, seed('wrong')));
    expect(wrong).toMatchObject({ code: 'HAF_BROKER_REFUSED', exitCode: 69, retryable: false });
    expect(wrong.what).toContain('does not accept');
    const none = await fault(at(port));
    expect(none.code).toBe('HAF_BROKER_REFUSED');
    expect(none.fix).toContain('--creds FILE');
  });

  it('may be a token or a password, and are not in the error', async () => {
    const withToken = await nats(`${jetstream} authorization { token: "right" }`);
    await (await connectTo(at(withToken, { kind: 'token', token: 'right' }), options)).close();
    const error = await fault(at(withToken, { kind: 'token', token: 'wr0ng' }));
    expect(error.code).toBe('HAF_BROKER_REFUSED');
    expect(JSON.stringify(error.toData())).not.toContain('wr0ng');
    const withUser = await nats(`${jetstream} authorization { user: me, password: pw }`);
    await (await connectTo(at(withUser, { kind: 'password', user: 'me', password: 'pw' }), options)).close();
  });

  it('in a damaged .creds file end in an error, not in a crash', async () => {
    const port = await nats(`${jetstream} authorization { token: "right" }`);
    const text = '-----BEGIN NATS USER JWT-----\n-----BEGIN USER NKEY SEED-----';
    expect((await fault(at(port, { kind: 'creds', text }))).code).toBe('HAF_BROKER_REFUSED');
  });
});

describe.skipIf(natsServer === null)('TLS', () => {
  const tlsConfig = `${jetstream} tls { cert_file: server.pem, key_file: server-key.pem }`;
  /** A server whose certificate is valid for these hosts only. */
  async function withCertificate(hosts: string[], days = 1, now = new Date()) {
    const made: Certificates = await makeCertificates(hosts, days, now);
    const cwd = newFolder();
    writeFileSync(join(cwd, 'server.pem'), made.server);
    writeFileSync(join(cwd, 'server-key.pem'), made.serverKey);
    return { port: await nats(tlsConfig, { cwd }), ca: made.ca };
  }
  let other: Certificates;
  beforeAll(async () => {
    other = await makeCertificates(['localhost', '127.0.0.1'], 1);
  });

  it('lets in who trusts the authority, by address and by name', async () => {
    const folder = newFolder();
    await createCertificates(folder, { hosts: ['lab.example'], days: 1 });
    const port = await nats(tlsConfig, { cwd: folder });
    const ca = readFileSync(join(folder, 'ca.pem'), 'utf8');
    for (const host of ['127.0.0.1', 'localhost'])
      await (await connectTo(at(`${host}:${port}`, { kind: 'none' }, { ca }), options)).close();
  });

  it('says what is wrong with a certificate: expired, not valid yet, unknown authority', async () => {
    const hosts = ['localhost', '127.0.0.1'];
    const year = 365 * 24 * 3600_000;
    const cases = [
      [await withCertificate(hosts, 1, new Date(Date.now() - year)), undefined, 'expired'],
      [await withCertificate(hosts, 1, new Date(Date.now() + year)), undefined, 'not valid yet'],
      [await withCertificate(hosts), other.ca, 'not known'],
    ] as const;
    for (const [{ port, ca }, trusted, words] of cases) {
      const error = await fault(at(port, { kind: 'none' }, { ca: trusted ?? ca }));
      expect(error.code).toBe('HAF_BROKER_REFUSED');
      expect(error.what).toContain(words);
    }
    const [, , unknown] = cases;
    expect((await fault(at(unknown[0].port, { kind: 'none' }, {}))).fix).toContain('--tlsca');
    expect((await fault(at(unknown[0].port))).fix).toContain('--tlsca');
  });

  it('accepts the clock of a client that is ten minutes behind', async () => {
    const { port, ca } = await withCertificate(['127.0.0.1'], 1, new Date(Date.now() + 600_000));
    await (await connectTo(at(port, { kind: 'none' }, { ca }), options)).close();
  });

  it('refuses a certificate for another host, and does not take "localhost" for an address', async () => {
    for (const hosts of [['lab.example'], ['localhost'], ['localhost', '127.0.0.2']]) {
      const { port, ca } = await withCertificate(hosts);
      const error = await fault(at(port, { kind: 'none' }, { ca }));
      expect(error.code).toBe('HAF_BROKER_REFUSED');
      expect(error.what).toContain('another host');
    }
    const { port, ca } = await withCertificate(['127.0.0.1']);
    await (await connectTo(at(port, { kind: 'none' }, { ca }), options)).close();
  });

  it('asked for is never given up for plaintext', async () => {
    const error = await fault(at(await nats(jetstream), { kind: 'none' }, { ca: other.ca }));
    expect(error.code).toBe('HAF_BROKER_REFUSED');
    expect(error.what).toContain('does not offer TLS');
  });

  it('with client certificates shuts out who has none', async () => {
    const cwd = newFolder();
    const made = await makeCertificates(['127.0.0.1'], 1);
    writeFileSync(join(cwd, 'server.pem'), made.server);
    writeFileSync(join(cwd, 'server-key.pem'), made.serverKey);
    writeFileSync(join(cwd, 'ca.pem'), made.ca);
    const verify = 'tls { cert_file: server.pem, key_file: server-key.pem, ca_file: ca.pem, verify: true }';
    const port = await nats(`${jetstream} ${verify}`, { cwd });
    expect((await fault(at(port, { kind: 'none' }, { ca: made.ca }))).exitCode).toBe(69);
  });
});

describe.skipIf(natsServer === null)('a connection', () => {
  it('hears replies in the inbox of its role', async () => {
    const connection = await connectTo(at(await nats(jetstream)), { name: 'test', role: 'viewer' });
    const inbox = new Promise<string>((resolve) => {
      connection.subscribe('echo', { callback: (_error, message) => resolve(message.reply ?? '') });
    });
    await connection.request('echo', '', { timeout: 100 }).catch(() => undefined);
    expect(await inbox).toMatch(/^_INBOX_viewer\./);
    await connection.close();
  });
});
