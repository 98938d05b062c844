import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createUser, fromSeed } from 'nkeys.js';
import { HafError } from '../core/errors.js';
import { type BrokerRole, brokerRoles } from '../bus/nats/address.js';
import { makeCertificates } from './certificates.js';
import { serverConfigText } from './server-config.js';

export interface CertificateWishes {
  /** Host names and addresses of the broker. */
  readonly hosts: readonly string[];
  /** Validity of the certificates in days. */
  readonly days: number;
}

/** Names and addresses of the local machine. */
export const ownNames = ['localhost', '127.0.0.1', '::1'] as const;
/** Default validity in days. Three years are long enough for a project, and the certificates still expire. */
export const defaultDays = 1095;

export const seedFile = (directory: string, role: BrokerRole): string => join(directory, `${role}.nk`);

/** Name of the variable for the public key of a role in deploy/nats/nats-server.conf. */
export const keyVariable = (role: BrokerRole): string => `HAF_NKEY_${role.toUpperCase()}`;

/** Paths of the certificates and of their private keys in a folder. */
export const certificateFiles = (directory: string) => ({
  ca: join(directory, 'ca.pem'),
  caKey: join(directory, 'ca-key.pem'),
  server: join(directory, 'server.pem'),
  serverKey: join(directory, 'server-key.pem'),
});

/**
 * Writes all security files of one broker: a user per role, the server's configuration and, on request, a certificate authority
 * with a server certificate. Returns the paths of the files.
 *
 * @throws HafError HAF_USAGE when one of the files exists already: files are never overwritten
 */
export async function initSecurity(
  directory: string,
  certificates: CertificateWishes | null,
  now?: Date,
): Promise<readonly string[]> {
  const configFile = join(directory, 'nats-server.conf');
  const keysFile = join(directory, 'public-keys.env');
  const files = [
    configFile,
    keysFile,
    ...brokerRoles.map((role) => seedFile(directory, role)),
    ...(certificates ? Object.values(certificateFiles(directory)) : []),
  ];
  refuseExisting(directory, files);
  const users = createUsers(directory);
  if (certificates) await createCertificates(directory, certificates, now);
  const config = serverConfigText({
    about: [
      'NATS server for haf-pipeline, written by "haf-pipeline security init".',
      'Start it in this folder: nats-server -c nats-server.conf',
      'The names of streams and subjects are those of haf-pipeline; docs/security.md tells what each role may do.',
      'For nats-server 2.10 and newer add "sync_interval: always" to the jetstream block: no message is lost in a power cut.',
    ],
    host: '0.0.0.0',
    port: 4222,
    storeDir: '.',
    syncAlways: false,
    auth: { users },
    tls: certificates && { cert: './server.pem', key: './server-key.pem' },
  });
  writeFileSync(configFile, config, { flag: 'wx', mode: 0o644 });
  writeFileSync(keysFile, brokerRoles.map((role) => `${keyVariable(role)}=${users[role]}\n`).join(''), {
    flag: 'wx',
    mode: 0o644,
  });
  return files;
}

/** Makes a user for each role. The seed is the credential of the user. The server's configuration holds the public key. */
export function createUsers(directory: string): Readonly<Record<BrokerRole, string>> {
  refuseExisting(
    directory,
    brokerRoles.map((role) => seedFile(directory, role)),
  );
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const role of brokerRoles)
    writeFileSync(seedFile(directory, role), `${new TextDecoder().decode(createUser().getSeed())}\n`, {
      flag: 'wx',
      mode: 0o600,
    });
  return publicKeys(directory);
}

/** The public keys of the users in a folder. */
export function publicKeys(directory: string): Readonly<Record<BrokerRole, string>> {
  const key = (role: BrokerRole): string => {
    const seed = readFileSync(seedFile(directory, role), 'utf8').trim();
    return fromSeed(new TextEncoder().encode(seed)).getPublicKey();
  };
  return { orchestrator: key('orchestrator'), worker: key('worker'), viewer: key('viewer') };
}

/** Makes a certificate authority, and a server certificate for the hosts and the names of the local machine. */
export async function createCertificates(
  directory: string,
  { hosts, days }: CertificateWishes,
  now?: Date,
): Promise<void> {
  const files = certificateFiles(directory);
  refuseExisting(directory, Object.values(files));
  const made = await makeCertificates([...new Set([...hosts, ...ownNames])], days, now);
  for (const name of ['ca', 'server', 'caKey', 'serverKey'] as const)
    writeFileSync(files[name], made[name], { flag: 'wx', mode: name.endsWith('Key') ? 0o600 : 0o644 });
}

function refuseExisting(directory: string, files: readonly string[]): void {
  const existing = files.filter((file) => existsSync(file));
  if (existing.length === 0) return;
  throw new HafError(
    'HAF_USAGE',
    `These files exist and are never overwritten:\n${existing.join('\n')}`,
    `Use them as they are, or name another folder. To replace all credentials, move ${directory} away first: workers that use the old ones can then no longer connect.`,
  );
}
