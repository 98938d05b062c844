import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  type NatsConnection,
  nkeyAuthenticator,
  type ServerInfo,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from 'nats';
import {
  type BrokerAddress,
  type BrokerAuth,
  type BrokerRole,
  type BrokerTls,
  inboxPrefix,
} from './address.js';
import { assertNever } from '../../core/assert-never.js';
import { HafError } from '../../core/errors.js';
import { connectFault } from './connect-fault.js';
import { atLeast, oldestServer } from './server-version.js';
import { longestEvent } from './stream-settings.js';
import { payloadFault } from './topology-fault.js';

export interface ConnectOptions {
  /** Name of the connection in the server's lists and logs. */
  readonly name: string;
  readonly role: BrokerRole;
}

/**
 * Connects to a broker. The first attempt has a short timeout. An established connection reconnects without a limit of time.
 *
 * @throws HafError HAF_BROKER_UNREACHABLE, HAF_BROKER_REFUSED or HAF_BROKER_UNFIT
 */
export async function connectTo(address: BrokerAddress, options: ConnectOptions): Promise<NatsConnection> {
  let connection: NatsConnection;
  try {
    connection = await connect({
      servers: [...address.servers],
      name: options.name,
      inboxPrefix: inboxPrefix(options.role),
      ...authenticator(address.auth),
      ...(address.tls && { tls: tlsOptions(address.tls, address.servers) }),
      // A broker announces the other servers of its cluster. Without TLS a connection to them would be plaintext to another
      // machine, and the user has not agreed to that.
      ignoreClusterUpdates: address.tls === null,
      // A run survives any outage of the broker. The client's defaults give up after ten attempts, and notice a
      // dead connection after four minutes.
      maxReconnectAttempts: -1,
      reconnectTimeWait: 1000,
      reconnectJitter: 1000,
      reconnectJitterTLS: 1000,
      pingInterval: 10_000,
      maxPingOut: 2,
      timeout: 5000,
      // Otherwise the client would make a stack trace for each request, which costs more time than the request.
      noAsyncTraces: true,
    });
  } catch (error) {
    throw connectFault(error, address);
  }
  const unfit = unfitness(connection.info);
  if (unfit === null) return connection;
  await connection.close();
  throw unfit;
}

function unfitness(info: ServerInfo | undefined): HafError | null {
  const version = info?.version ?? 'unknown';
  const where = `The NATS server at ${info?.host}:${info?.port}`;
  if (!atLeast(version, oldestServer))
    return new HafError(
      'HAF_BROKER_UNFIT',
      `${where} is version ${version}; ${oldestServer} is needed.`,
      'Update nats-server.',
    );
  if (info?.jetstream !== true)
    return new HafError(
      'HAF_BROKER_UNFIT',
      `${where} runs without JetStream, so it cannot keep jobs and events.`,
      'Start it with a "jetstream" block in its configuration, or as: nats-server -js -sd DIR',
    );
  const most = info.max_payload;
  return most !== undefined && most < longestEvent
    ? payloadFault(`${info.host}:${info.port}`, most, longestEvent)
    : null;
}

function authenticator(auth: BrokerAuth): { authenticator?: Authenticator } {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  switch (auth.kind) {
    case 'none':
      return {};
    case 'token':
      return { authenticator: tokenAuthenticator(auth.token) };
    case 'password':
      return { authenticator: usernamePasswordAuthenticator(auth.user, auth.password) };
    case 'nkey':
      return { authenticator: nkeyAuthenticator(bytes(auth.seed)) };
    case 'creds':
      return { authenticator: credsAuthenticator(bytes(auth.text)) };
    default:
      return assertNever(auth);
  }
}

/**
 * If a server is given by its IP address, the client compares the name "localhost" with its certificate. So the
 * client would accept any certificate that names localhost. This function requires that the certificate names one of
 * the given addresses.
 */
function tlsOptions(tls: BrokerTls, servers: readonly string[]) {
  const hosts = servers.map((server) => server.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1'));
  return {
    ...tls,
    checkServerIdentity: (host: string, certificate: PeerCertificate): Error | undefined => {
      const names = host === 'localhost' ? hosts : [host];
      const faults = names.map((name) => checkServerIdentity(name, certificate));
      return faults.includes(undefined) ? undefined : faults[0];
    },
  };
}
