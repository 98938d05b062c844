import { hostname } from 'node:os';
import { initSecurity } from '../broker/security-files.js';
import { HafError } from '../core/errors.js';
import { printData, say } from './output.js';

export interface SecurityOptions {
  readonly host?: readonly string[];
  readonly tls?: boolean;
  readonly days: number;
}

/** `security init DIR`: writes the keys, the configuration and the certificates for a broker that the user runs. */
export async function securityInit(directory: string, options: SecurityOptions): Promise<void> {
  if (options.host && !options.tls)
    throw new HafError(
      'HAF_USAGE',
      '--host names hosts in a certificate, and none is made without --tls.',
      'Add --tls.',
    );
  const hosts = options.host ?? [hostname()];
  const files = await initSecurity(directory, options.tls ? { hosts, days: options.days } : null);
  printData(files.join('\n'));
  say(`start the server: cd ${directory} && nats-server -c nats-server.conf`);
  say('give each machine only the .nk file of its role' + (options.tls ? ' and ca.pem' : ''));
  if (options.tls)
    say(
      `the certificate names ${hosts.join(', ')}; ca-key.pem can sign other certificates: keep it where nobody else can read it`,
    );
}
