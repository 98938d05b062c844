/**
 * The role of a connection decides what it may do at the broker. Each role has a user and an inbox (permissions.ts).
 */
export const brokerRoles = ['orchestrator', 'worker', 'viewer'] as const;
export type BrokerRole = (typeof brokerRoles)[number];

/** Credentials of this process. The texts are secrets: they are never printed and never logged. */
export type BrokerAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'nkey'; readonly seed: string }
  | { readonly kind: 'creds'; readonly text: string };

/**
 * Settings of a connection that requires TLS. The fields are PEM texts. Without `ca`, the certificate authorities of
 * Node are trusted.
 */
export interface BrokerTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Address of a broker and the credentials for it. */
export interface BrokerAddress {
  /** Each entry is `host:port`. */
  readonly servers: readonly string[];
  readonly auth: BrokerAuth;
  readonly tls: BrokerTls | null;
  /** For people: where this address comes from, such as `--nats` or `NATS_URL`. */
  readonly origin: string;
}

/** Each role may subscribe to its own inbox only. So no role can read the replies to another role. */
export const inboxPrefix = (role: BrokerRole): string => `_INBOX_${role}`;

/** Whether a host name or address always means this machine (loopback). */
export const isLoopback = (host: string): boolean =>
  host.toLowerCase() === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);

/** `host:port`, with brackets around an IPv6 address. */
export const hostAndPort = (host: string, port: number | string): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;
