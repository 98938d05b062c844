import type { BrokerRole } from '../bus/nats/address.js';
import { guestAccounts, hasManyReplies, permissions, streamAccount } from './permissions.js';

/** Settings of a server. Relative paths start at the working directory of the server. */
export interface ServerConfig {
  /** Lines of the comment at the top of the configuration file. */
  readonly about: readonly string[];
  readonly host: string;
  /** TCP port on which the server listens. -1 means any free port. */
  readonly port: number;
  /** Folder of the data. JetStream makes a folder `jetstream` in it. */
  readonly storeDir: string;
  /** Writes every message to the disk before it is acknowledged. Servers before 2.10 do not start with this setting. */
  readonly syncAlways: boolean;
  /** Folder to which the server writes the port that it uses. */
  readonly portsDir?: string;
  /** One token for all clients, or the public NKEY of each role. A key that begins with $ is the name of a variable. */
  readonly auth: { readonly token: string } | { readonly users: Readonly<Record<BrokerRole, string>> };
  readonly tls: { readonly cert: string; readonly key: string } | null;
}

/** The text of nats-server.conf. */
export function serverConfigText(config: ServerConfig): string {
  return [
    ...config.about.map((line) => `# ${line}`.trimEnd()),
    '',
    `host: ${quoted(config.host)}`,
    `port: ${config.port}`,
    ...(config.portsDir === undefined ? [] : [`ports_file_dir: ${quoted(config.portsDir)}`]),
    '',
    'jetstream {',
    `  store_dir: ${quoted(config.storeDir)}`,
    ...(config.syncAlways ? ['  sync_interval: always'] : []),
    '}',
    ...(config.tls
      ? [
          '',
          'tls {',
          `  cert_file: ${quoted(config.tls.cert)}`,
          `  key_file: ${quoted(config.tls.key)}`,
          '  timeout: 5',
          '}',
        ]
      : []),
    '',
    ...('token' in config.auth
      ? ['authorization {', `  token: ${quoted(config.auth.token)}`, '}']
      : accountsText(config.auth.users)),
    '',
  ].join('\n');
}

/**
 * The section `accounts`. The account of the orchestrator holds the streams and exports services and subjects. Each
 * other role has an account that imports those services and subjects that the role may use.
 */
function accountsText(users: Readonly<Record<BrokerRole, string>>): string[] {
  const services = [...new Set(guestAccounts.flatMap((guest) => guest.services))];
  const streams = [...new Set(guestAccounts.flatMap((guest) => guest.streams))];
  const guestsOf = (kind: 'services' | 'streams', subject: string): string =>
    guestAccounts
      .filter((guest) => guest[kind].includes(subject))
      .map(({ account }) => account)
      .join(', ');
  return [
    'accounts {',
    `  ${streamAccount} {`,
    '    jetstream: enabled',
    ...userText('orchestrator', users.orchestrator),
    '    exports: [',
    ...services.map(
      (subject) =>
        `      {service: ${quoted(subject)}${hasManyReplies(subject) ? ', response_type: stream' : ''}, accounts: [${guestsOf('services', subject)}]}`,
    ),
    ...streams.map(
      (subject) => `      {stream: ${quoted(subject)}, accounts: [${guestsOf('streams', subject)}]}`,
    ),
    '    ]',
    '  }',
    ...guestAccounts.flatMap(({ role, account, ...imported }) => [
      `  ${account} {`,
      ...userText(role, users[role]),
      '    imports: [',
      ...imported.services.map((subject) => `      {service: ${importText(subject)}}`),
      ...imported.streams.map((subject) => `      {stream: ${importText(subject)}}`),
      '    ]',
      '  }',
    ]),
    '}',
  ];
}

const importText = (subject: string): string => `{account: ${streamAccount}, subject: ${quoted(subject)}}`;

const userText = (role: BrokerRole, nkey: string): string[] => [
  `    # ${role}`,
  '    users: [{',
  // The server replaces a variable only if it has no quotes.
  `      nkey: ${nkey.startsWith('$') ? nkey : quoted(nkey)}`,
  '      permissions: {',
  ...subjectsText('publish', permissions[role].publish),
  ...subjectsText('subscribe', permissions[role].subscribe),
  '      }',
  '    }]',
];

const subjectsText = (what: string, subjects: readonly string[]): string[] => [
  `        ${what}: [`,
  ...subjects.map((subject) => `          ${quoted(subject)}`),
  '        ]',
];

const quoted = (text: string): string => JSON.stringify(text);
