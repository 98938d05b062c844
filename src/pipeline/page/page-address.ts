import { isLoopback, hostAndPort } from '../bus/nats/address.js';
import { readNamed, readSecret } from '../broker/credentials.js';
import { HafError } from '../core/errors.js';

/** Where the page is served, and what protects it. Port 0 means any free port. */
export interface PageAddress {
  readonly host: string;
  readonly port: number;
  readonly token: string | null;
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** Host names under which the page may be requested, in addition to IP addresses and the name of this machine. */
  readonly hosts: readonly string[];
}

/** The options of the page, in the form that the command line gives them. */
export interface PageOptions {
  /** `true`: any free port of 127.0.0.1. */
  readonly page?: { readonly host: string; readonly port: number } | true;
  /** File with the token that readers must send. */
  readonly pageToken?: string;
  readonly pageCert?: string;
  readonly pageKey?: string;
  /** Host name of a reverse proxy that encrypts the connections of the readers. */
  readonly pageProxy?: string;
  readonly pageHost?: readonly string[];
}

const leastToken = 16;

/**
 * The address of the page. Undefined if no page was requested.
 *
 * @throws HafError HAF_USAGE for options that do not fit together, HAF_INSECURE for a page that others could read
 */
export function pageAddress(options: PageOptions): PageAddress | undefined {
  const { page, pageToken, pageCert, pageKey, pageProxy, pageHost = [] } = options;
  if (page === undefined) {
    if ([pageToken, pageCert, pageKey, pageProxy].every((one) => one === undefined) && pageHost.length === 0)
      return undefined;
    throw new HafError(
      'HAF_USAGE',
      'Options about the page are given, but no page is served.',
      'Add --page [[HOST:]PORT].',
    );
  }
  if ((pageCert === undefined) !== (pageKey === undefined))
    throw new HafError(
      'HAF_USAGE',
      'A certificate and its key belong together.',
      'Give --page-cert FILE and --page-key FILE.',
    );
  const { host, port } = page === true ? { host: '127.0.0.1', port: 0 } : page;
  const token = pageToken === undefined ? null : tokenIn(pageToken);
  const tls = pageCert === undefined || pageKey === undefined ? null : { cert: pageCert, key: pageKey };
  if (tls) {
    readNamed(tls.cert, '--page-cert');
    readSecret(tls.key, '--page-key', false);
  }
  const beyond = !isLoopback(host);
  if (beyond && token === null)
    throw new HafError(
      'HAF_INSECURE',
      `The page on ${hostAndPort(host, port)}: other machines reach this address, and anybody could read patients and slides.`,
      'Add --page-token FILE (openssl rand -hex 24 > FILE; chmod 600 FILE), or leave the host out.',
    );
  if (beyond && tls === null && pageProxy === undefined)
    throw new HafError(
      'HAF_INSECURE',
      `The page on ${hostAndPort(host, port)}: without TLS, patients and the token cross the network in plain text.`,
      'Add --page-cert FILE and --page-key FILE, or name the proxy that encrypts with --page-proxy HOST.',
    );
  return { host, port, token, tls, hosts: [...pageHost, ...(pageProxy === undefined ? [] : [pageProxy])] };
}

function tokenIn(file: string): string {
  const token = readSecret(file, '--page-token', false).trim();
  if (token.length >= leastToken && /^[\w.~-]+$/.test(token)) return token;
  throw new HafError(
    'HAF_INSECURE',
    `--page-token: ${file} holds no token: one line of ${leastToken} or more letters, digits, "-", ".", "_" or "~" is needed.`,
    'Make one, for example: openssl rand -hex 24 > FILE; chmod 600 FILE',
  );
}
