import { readFileSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { hostAndPort } from '../bus/nats/address.js';
import { HafError } from '../core/errors.js';
import { pageApp } from './page-app.js';
import type { PageAddress } from './page-address.js';
import type { PageSource } from './page-source.js';
import { portOwner } from './port-owner.js';

export interface ServedPage {
  /**
   * The address of a run, or of the list of runs. The token is in the fragment, which a browser does not send to any
   * server.
   */
  readonly urlOf: (run: string | null) => string;
  readonly close: () => Promise<void>;
}

/** Watchers that need more time than this to receive the end message are disconnected. */
const goodbyeMs = 500;

/**
 * Serves the live page until it is closed.
 *
 * @throws HafError HAF_PORT_TAKEN if another process listens on the port
 * @throws HafError HAF_USAGE if the address cannot be used for another reason
 */
export async function servePage(address: PageAddress, source: PageSource): Promise<ServedPage> {
  const { host, port, token, tls, hosts } = address;
  const { app, close } = pageApp(source, { token, hosts, secure: tls !== null });
  const files = tls && { cert: readFileSync(tls.cert), key: readFileSync(tls.key) };
  const server = await new Promise<Server>((resolve, reject) => {
    const made = serve(
      {
        fetch: app.fetch,
        hostname: host,
        port,
        ...(files ? { createServer: createSecureServer, serverOptions: files } : {}),
      },
      () => resolve(made),
    ) as Server;
    made.once('error', (error) => reject(unusable(address, error)));
  }).catch((error: unknown) => {
    void close();
    throw error;
  });
  const { address: bound, port: taken } = server.address() as AddressInfo;
  const at = `${tls ? 'https' : 'http'}://${hostAndPort(bound, taken)}/`;
  return {
    urlOf: (run) => {
      const view = run === null ? '/' : `/run/${encodeURIComponent(run)}`;
      return token === null ? `${at}#${view}` : `${at}#token=${token}&${view}`;
    },
    close: async () => {
      await close();
      const late = setTimeout(() => server.closeAllConnections(), goodbyeMs);
      await new Promise<void>((resolve) => server.close(() => resolve()));
      clearTimeout(late);
    },
  };
}

function unusable({ host, port }: PageAddress, error: NodeJS.ErrnoException): HafError {
  if (error.code === 'EADDRINUSE') {
    const owner = portOwner(port);
    return new HafError(
      'HAF_PORT_TAKEN',
      `The page cannot be served on ${hostAndPort(host, port)}: ${owner ?? 'another process'} listens there.`,
      'Choose another port, or leave it out to use any free port.',
      { cause: error },
    );
  }
  const reasons: Record<string, string> = {
    EACCES: 'this user may not listen there',
    EADDRNOTAVAIL: 'it is not an address of this machine',
    ENOTFOUND: 'there is no host of this name',
  };
  return new HafError(
    'HAF_USAGE',
    `The page cannot be served on ${hostAndPort(host, port)}: ${reasons[error.code ?? ''] ?? error.message}.`,
    'Name an address of this machine and a port that is free, or leave both out.',
    { cause: error },
  );
}
