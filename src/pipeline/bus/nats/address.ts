/** What a connection may do at the broker; each role has its own user and its own inbox (permissions.ts). */
export const brokerRoles = ['orchestrator', 'worker', 'viewer'] as const;
export type BrokerRole = (typeof brokerRoles)[number];

/** How we say who we are. The texts are secrets: never printed, never logged. */
export type BrokerAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'nkey'; readonly seed: string }
  | { readonly kind: 'creds'; readonly text: string };

/** TLS is demanded; the fields are PEM texts. Without `ca` the authorities of Node decide whom to trust. */
export interface BrokerTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Where a broker is and how to get in. */
export interface BrokerAddress {
  /** `host:port` each. */
  readonly servers: readonly string[];
  readonly auth: BrokerAuth;
  readonly tls: BrokerTls | null;
  /** For people: where this address comes from, such as `--nats` or `NATS_URL`. */
  readonly origin: string;
}

/** Each role hears only its own inbox, so that no role can read the replies of another. */
export const inboxPrefix = (role: BrokerRole): string => `_INBOX_${role}`;

/** Whether a host name or address can only be this machine. */
export const isLoopback = (host: string): boolean =>
  host.toLowerCase() === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);

/** `host:port`, an IPv6 address in brackets. */
export const hostAndPort = (host: string, port: number | string): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;
