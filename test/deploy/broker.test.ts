import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli } from '../support/cli.js';
import { documentsOf, needs, textOf } from './deploy-files.js';

describe('the broker of Compose', () => {
  it('starts with the keys of "security init" and the line of the README', async (context) => {
    const server = needs(context, 'nats-server', 'apt-get install nats-server');
    const folder = mkdtempSync(join(tmpdir(), 'haf-broker-'));
    const made = await cli(['security', 'init', 'security', '--tls', '--host', 'nats'], folder);
    expect(made.code, made.stderr).toBe(0);

    const extract =
      /^sed -n .*(?= > security\/authorization\.conf$)/m.exec(textOf('README.md'))?.[0] ?? 'false';
    const users = execFileSync('bash', ['-c', extract], { cwd: folder, encoding: 'utf8' });
    expect(users.match(/nkey:/g)).toHaveLength(3);
    writeFileSync(join(folder, 'security/authorization.conf'), users);

    const old = / v2\.9\./.test(spawnSync(server, ['--version'], { encoding: 'utf8' }).stdout);
    const config = textOf('docker/nats.conf')
      .replaceAll('"/etc/haf/', `"${folder}/security/`)
      .replace('"/data"', `"${folder}/data"`)
      .replace('include "', 'include "security/')
      // NATS 2.9, the version in Debian, does not know `sync_interval`, so the line is removed for it. The newer NATS
      // in the Compose image knows the setting.
      .replace(old ? /^ *sync_interval.*$/m : /$^/, '');
    writeFileSync(join(folder, 'nats.conf'), config);
    const check = spawnSync(server, ['-t', '-c', join(folder, 'nats.conf')], { encoding: 'utf8' });
    expect(check.stderr).toContain('is valid');
    rmSync(folder, { recursive: true });
  });

  it('is where the services look for it', () => {
    const services = documentsOf(textOf('docker/compose.yaml'))[0]?.['services'];
    const port = /^port: (\d+)$/m.exec(
      readFileSync(join(import.meta.dirname, '../../deploy/docker/nats.conf'), 'utf8'),
    );
    expect(services?.['up']?.['environment']?.['NATS_URL']).toBe(`tls://nats:${port?.[1]}`);
  });
});
