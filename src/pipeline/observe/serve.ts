import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHash, timingSafeEqual } from 'node:crypto';
import { hostAndPort, isLoopback } from '../bus/nats/address.js';
import { HafError } from '../core/errors.js';

/** The address a process listens on. Port 0 means any free port. */
export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
  /** Clients have to send this token: `Authorization: Bearer TOKEN`. */
  readonly token?: string;
  /** The user's reason why a port that other machines reach needs no token. */
  readonly open?: string;
}

export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}
/** What is served, by path. */
export type Pages = Readonly<Record<string, () => Answer | Promise<Answer>>>;

const plain = (status: number, body: string): Answer => ({ status, type: 'text/plain; charset=utf-8', body });

/**
 * Starts a server that answers GET requests until its `close` is called.
 *
 * @throws HafError HAF_USAGE when the address cannot be listened on
 */
export async function serve(address: MetricsAddress, pages: Pages): Promise<Served> {
  const answer = async ({ method, url = '/', headers }: IncomingMessage): Promise<Answer> => {
    const path = url.split('?')[0] ?? '';
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (!page) return plain(404, `Here are ${Object.keys(pages).join(' and ')}.\n`);
    if (method !== 'GET' && method !== 'HEAD') return plain(405, 'Only GET and HEAD.\n');
    if (address.token !== undefined && path !== healthPage && !isBearer(headers.authorization, address.token))
      return plain(401, 'A token is needed: Authorization: Bearer TOKEN.\n');
    return page();
  };
  const send = (response: ServerResponse, { status, type, body }: Answer): void => {
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
  };
  const listener: RequestListener = (request, response) => {
    // The client gets no details. The process logs the reason.
    const failed = (): Answer => plain(500, 'Failed.\n');
    void answer(request)
      .catch(failed)
      .then((found) => send(response, found));
  };
  const server = createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(unusable(address, error)));
    server.listen(address.port, address.host, resolve);
  });
  const { address: host, family, port } = server.address() as AddressInfo;
  try {
    requireLock({ ...address, host, port });
  } catch (error) {
    server.close();
    throw error;
  }
  return {
    url: `http://${family === 'IPv6' ? `[${host}]` : host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * The only page that needs no token, because the health probes of a scheduler send none. The page says only whether the
 * process is healthy.
 */
const healthPage = '/healthz';

/** Compares hashes, so that the duration of the comparison reveals nothing about the token. */
function isBearer(header: string | undefined, token: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(header ?? ''), hash(`Bearer ${token}`));
}

/** @throws HafError HAF_INSECURE if other machines reach the port and it requires no token */
export function requireLock({ host, port, token, open }: MetricsAddress): void {
  if (isLoopback(host) || token !== undefined || open !== undefined) return;
  throw new HafError(
    'HAF_INSECURE',
    `--metrics ${hostAndPort(host, port)}: other machines reach this address, and anybody could read the metrics.`,
    'Add --metrics-token FILE (clients then send "Authorization: Bearer TOKEN"), leave the host out, or say with --metrics-open REASON what else protects the port.',
  );
}

function unusable({ host, port }: MetricsAddress, error: NodeJS.ErrnoException): HafError {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'another process listens there',
    EACCES: 'this user may not listen there',
    EADDRNOTAVAIL: 'it is not an address of this machine',
  };
  return new HafError(
    'HAF_USAGE',
    `--metrics cannot listen on port ${port} of ${host}: ${reasons[error.code ?? ''] ?? error.message}.`,
    'Choose another port, or 0 for any free port.',
    { cause: error },
  );
}
