import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { HafError } from '../core/errors.js';
import { hostAndPort, isLoopback } from '../bus/nats/address.js';
import { BrokerFolder, type BrokerSettings } from './broker-folder.js';
import { certificateCovers } from './certificates.js';
import { isWildcard, type OwnBroker, startOwnBroker } from './own-broker.js';
import {
  certificateFiles,
  createCertificates,
  createUsers,
  defaultDays,
  seedFile,
} from './security-files.js';

export interface ListenOptions {
  /** The store of the broker. */
  readonly store: string;
  /** `HOST[:PORT]`. Without it the broker is reachable from this machine only. */
  readonly listen?: string;
  /** Folder of users and certificates. Missing files are created. */
  readonly security?: string;
  readonly tls?: boolean;
  /** The address of the store for workers. @default the folder of the broker's store */
  readonly storeUri?: string;
}

export interface ListeningBroker extends OwnBroker {
  /** Lines for the user: how to start a worker on this or on another machine. */
  readonly advice: readonly string[];
}

const usualPort = 4222;

/**
 * Starts the broker of a store in the background, so that workers can reach it. A client on another machine logs in as
 * the user of its role. The files of the users are created at first use.
 */
export async function listen(options: ListenOptions): Promise<ListeningBroker> {
  const { host, port } = parseListen(options.listen ?? '127.0.0.1:0');
  const tls = options.tls === true;
  const secured = options.security !== undefined || tls || !isLoopback(host);
  const security = secured
    ? resolve(options.security ?? join(new BrokerFolder(options.store).path, 'security'))
    : null;
  if (security !== null) await completeSecurity(security, host, tls);
  const settings: BrokerSettings = { v: 1, host, port, security, tls };
  const broker = await startOwnBroker(
    options.store,
    options.listen === undefined && !secured ? null : settings,
  );
  return { ...broker, advice: adviceFor(broker, options.store, options.storeUri ?? resolve(options.store)) };
}

function parseListen(text: string): { host: string; port: number } {
  const match = isIP(text) === 6 ? [text, text] : /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? (host !== undefined && isLoopback(host) ? 0 : usualPort));
  if (host !== undefined && port <= 65_535) return { host, port };
  throw new HafError(
    'HAF_USAGE',
    `--listen ${text}: no address to listen on.`,
    'Write HOST or HOST:PORT, for example 0.0.0.0:4222 or [::]:4222.',
  );
}

async function completeSecurity(directory: string, host: string, tls: boolean): Promise<void> {
  if (!existsSync(seedFile(directory, 'orchestrator'))) createUsers(directory);
  if (!tls) return;
  const { server } = certificateFiles(directory);
  const hosts = isWildcard(host) ? [hostname(), ...ownAddresses()] : [host, hostname()];
  if (!existsSync(server)) await createCertificates(directory, { hosts, days: defaultDays });
  else if (!isWildcard(host) && !certificateCovers(readFileSync(server, 'utf8'), host))
    throw new HafError(
      'HAF_USAGE',
      `The certificate ${server} does not name ${host}, so workers would refuse it.`,
      `Make another: haf-pipeline security init DIR --tls --host ${host}, and name that folder with --security DIR.`,
    );
}

const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((list) =>
    // Link-local IPv6 addresses are left out: such an address needs a zone, and a certificate cannot name a zone.
    (list ?? []).filter(({ address }) => !address.startsWith('fe80')).map(({ address }) => address),
  );

function adviceFor({ settings, port }: OwnBroker, store: string, uri: string): readonly string[] {
  const { host, security, tls } = settings;
  if (security === null) return ['on this machine, type:', `  haf-pipeline worker --store ${resolve(store)}`];
  const called = hostAndPort(isWildcard(host) ? hostname() : host, port);
  const files = [seedFile(security, 'worker'), ...(tls ? [certificateFiles(security).ca] : [])];
  return [
    `copy to the machines of workers (and keep it secret): ${files.join(' ')}`,
    uri.startsWith('s3:')
      ? 'and type there:'
      : 'and type there, with the path that the store has on that machine:',
    `  haf-pipeline worker --store ${uri} --nats ${tls ? 'tls' : 'nats'}://${called} --creds worker.nk ${tls ? '--tlsca ca.pem' : '--insecure'}`,
    ...(tls ? [] : ['warning: without --tls everybody on the network can read and change the messages']),
  ];
}
