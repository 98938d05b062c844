import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { brokerRoles } from '../../src/pipeline/bus/nats/address.js';
import { certificateCovers } from '../../src/pipeline/broker/certificates.js';
import { addressFrom } from '../../src/pipeline/broker/connect-options.js';
import { keyVariable } from '../../src/pipeline/broker/security-files.js';
import { serverConfigText } from '../../src/pipeline/broker/server-config.js';
import { connectTo } from '../../src/pipeline/bus/nats/connect.js';
import { cli } from '../support/cli.js';
import { natsServer, startNats } from '../support/nats-server.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'haf-security-'))));
afterEach(() => rmSync(folder, { recursive: true }));

describe('security init', () => {
  it('writes secrets that only their owner can read, and names what it wrote', async () => {
    const { code, stdout, stderr } = await cli(
      ['security', 'init', 'lab', '--tls', '--host', 'a.lab', '10.0.0.5'],
      folder,
    );
    expect({ code, stderr: stderr.includes('nats-server -c') }).toEqual({ code: 0, stderr: true });
    const files = stdout.trim().split('\n');
    expect(files).toHaveLength(9);
    for (const file of files) {
      const secret = file.endsWith('.nk') || file.endsWith('-key.pem');
      expect([file, statSync(join(folder, file)).mode & 0o777]).toEqual([file, secret ? 0o600 : 0o644]);
    }
    const certificate = readFileSync(join(folder, 'lab/server.pem'), 'utf8');
    const named = ['a.lab', '10.0.0.5', 'localhost', '127.0.0.1', '::1', 'b.lab', '10.0.0.6'];
    expect(named.filter((host) => certificateCovers(certificate, host))).toEqual(named.slice(0, 5));
  });

  it('never overwrites anything and says what is in the way', async () => {
    expect((await cli(['security', 'init', 'lab'], folder)).code).toBe(0);
    const before = readFileSync(join(folder, 'lab/worker.nk'), 'utf8');
    const { code, stderr } = await cli(['security', 'init', 'lab', '--tls'], folder);
    expect(code).toBe(64);
    expect(stderr).toContain('lab/worker.nk');
    expect(readFileSync(join(folder, 'lab/worker.nk'), 'utf8')).toBe(before);
    expect(existsSync(join(folder, 'lab/ca.pem'))).toBe(false);
  });

  it('takes no host names without a certificate to put them in', async () => {
    const { code, stderr } = await cli(['security', 'init', 'lab', '--host', 'a.lab'], folder);
    expect([code, stderr.includes('--tls')]).toEqual([64, true]);
  });

  it.skipIf(natsServer === null)('writes a configuration that starts and lets each role in', async () => {
    await cli(['security', 'init', 'lab', '--tls'], folder);
    const lab = join(folder, 'lab');
    const config = readFileSync(join(lab, 'nats-server.conf'), 'utf8').replace(/^host:.*\nport:.*$/m, '');
    const server = await startNats(config, { cwd: lab });
    try {
      for (const role of brokerRoles) {
        const [creds, tlsca] = [join(lab, `${role}.nk`), join(lab, 'ca.pem')];
        const address = addressFrom({ nats: `tls://localhost:${server.port}`, creds, tlsca }, {});
        const connection = await connectTo(address!, { name: role, role });
        expect((await connection.jetstreamManager()).constructor.name).toBe('JetStreamManagerImpl');
        await connection.close();
      }
    } finally {
      await server.stop();
    }
    expect(existsSync(join(lab, 'jetstream'))).toBe(true);
  });
});

describe('deploy/nats/nats-server.conf', () => {
  it('is what the permissions in the code say ("npx vitest run -u" writes it anew)', async () => {
    const text = serverConfigText({
      about: [
        'NATS server for haf-pipeline on several machines. Printed from src/pipeline/broker/permissions.ts.',
        '',
        'The public keys of the users come from the environment: HAF_NKEY_ORCHESTRATOR, HAF_NKEY_WORKER and',
        'HAF_NKEY_VIEWER. "haf-pipeline security init DIR --tls --host NAME" makes them (DIR/public-keys.env) together',
        'with the seeds, one .nk file for each role, and the certificate: server.pem and server-key.pem.',
        '',
        'For nats-server 2.10 and newer add "sync_interval: always" to the jetstream block: every message is on the',
        'disk before it is acknowledged, so a power cut loses none. Older servers would not start with it.',
      ],
      host: '0.0.0.0',
      port: 4222,
      storeDir: '/data',
      syncAlways: false,
      auth: {
        users: {
          orchestrator: `$${keyVariable('orchestrator')}`,
          worker: `$${keyVariable('worker')}`,
          viewer: `$${keyVariable('viewer')}`,
        },
      },
      tls: { cert: '/etc/nats/certs/server.pem', key: '/etc/nats/certs/server-key.pem' },
    });
    await expect(text).toMatchFileSnapshot('../../deploy/nats/nats-server.conf');
  });
});
