import { HafError } from '../core/errors.js';
import {
  type BrokerAddress,
  type BrokerAuth,
  type BrokerTls,
  hostAndPort,
  isLoopback,
} from '../bus/nats/address.js';
import { readCredentials, readNamed, readSecret } from './credentials.js';
import { type NatsContext, readContext } from './nats-context.js';

/** The options of a command for the connection to a broker (cli/broker-options.ts). */
export interface BrokerOptions {
  /** URLs of the servers of the broker, separated by commas. */
  readonly nats?: string;
  /** Name of a context of the `nats` command line. */
  readonly context?: string;
  readonly creds?: string;
  readonly tlsca?: string;
  readonly tlscert?: string;
  readonly tlskey?: string;
  /** Accepts plaintext connections to other machines, and credential files that other users can read. */
  readonly insecure?: boolean;
}

/** A setting with the name of its option, variable or field. */
interface Given {
  readonly value: string;
  readonly from: string;
}

/**
 * The broker that options and environment name. Null when they name none. An option wins over a variable, and a variable wins
 * over the field of a context.
 *
 * @throws HafError HAF_USAGE for a setting that cannot be parsed; HAF_INSECURE for an insecure connection without `insecure`
 */
export function addressFrom(
  options: BrokerOptions,
  environment: NodeJS.ProcessEnv = process.env,
): BrokerAddress | null {
  const named = options.context ?? (options.nats || environment.NATS_URL ? '' : environment.NATS_CONTEXT);
  const context = named ? readContext(named, environment) : null;
  const given = (option: keyof BrokerOptions, variable: string, field: keyof NatsContext): Given | null => {
    const candidates = [
      { value: options[option], from: `--${option}` },
      // If `--context` is given, the address in the environment is ignored.
      { value: option === 'nats' && options.context ? '' : environment[variable], from: variable },
      { value: context?.[field], from: `context "${named}"` },
    ];
    return candidates.find((one): one is Given => typeof one.value === 'string' && one.value !== '') ?? null;
  };

  const url = given('nats', 'NATS_URL', 'url');
  if (!url) {
    if (context)
      throw new HafError('HAF_USAGE', `The NATS context "${named}" names no URL.`, 'Add --nats URL.');
    if (options.creds ?? options.tlsca ?? options.tlscert ?? options.tlskey)
      throw new HafError(
        'HAF_USAGE',
        'Credentials or certificates are given, but no broker to use them for.',
        'Add --nats URL.',
      );
    return null;
  }
  const insecure = options.insecure === true;
  const servers = url.value.split(',').map((text) => parseServer(text.trim(), url.from));
  const ca = given('tlsca', 'NATS_CA', 'ca');
  const cert = given('tlscert', 'NATS_CERT', 'cert');
  const key = given('tlskey', 'NATS_KEY', 'key');
  if ((cert === null) !== (key === null))
    throw new HafError(
      'HAF_USAGE',
      'A client certificate and its key must be given together.',
      'Give both --tlscert and --tlskey.',
    );
  const wanted = servers.some(({ tls }) => tls) || ca !== null || cert !== null;
  const tls: BrokerTls | null = wanted
    ? {
        ...(ca && { ca: readNamed(ca.value, ca.from) }),
        ...(cert && { cert: readNamed(cert.value, cert.from) }),
        ...(key && { key: readSecret(key.value, key.from, insecure) }),
      }
    : null;
  const open = servers.find(({ host }) => !isLoopback(host));
  if (open && !tls && !insecure)
    throw new HafError(
      'HAF_INSECURE',
      `${url.from}: ${open.host} is another machine, and messages to it would not be encrypted.`,
      `Use tls://${hostAndPort(open.host, open.port)} (with --tlsca FILE for an authority of your own), or --insecure where nobody else is on the network.`,
    );
  const creds = given('creds', 'NATS_CREDS', context?.creds ? 'creds' : 'nkey');
  return {
    servers: servers.map(({ host, port }) => hostAndPort(host, port)),
    auth: creds
      ? readCredentials(creds.value, creds.from, insecure)
      : (servers.find(({ auth }) => auth)?.auth ?? contextAuth(context)),
    tls,
    origin: url.from,
  };
}

interface Server {
  readonly host: string;
  readonly port: string;
  readonly tls: boolean;
  readonly auth: BrokerAuth | null;
}

/** Parses an address of the form `[nats://|tls://][user:password@|token@]host[:port]`. */
function parseServer(text: string, from: string): Server {
  try {
    const url = new URL(text.includes('://') ? text : `nats://${text}`);
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    if (host !== '' && ['nats:', 'tls:'].includes(url.protocol) && ['', '/'].includes(url.pathname))
      return { host, port: url.port || '4222', tls: url.protocol === 'tls:', auth: authIn(url) };
  } catch {
    // The error is thrown below, without the text, which may hold a password.
  }
  throw new HafError(
    'HAF_USAGE',
    `${from}: ${text === '' ? 'an empty address' : 'an address'} is no URL of a broker.`,
    'Write nats://HOST:PORT or tls://HOST:PORT; several are separated by commas.',
  );
}

function authIn(url: URL): BrokerAuth | null {
  const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  if (user === '') return null;
  return password === '' ? { kind: 'token', token: user } : { kind: 'password', user, password };
}

function contextAuth(context: NatsContext | null): BrokerAuth {
  if (context?.user) return { kind: 'password', user: context.user, password: context.password };
  if (context?.token) return { kind: 'token', token: context.token };
  return { kind: 'none' };
}
