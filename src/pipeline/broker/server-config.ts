import type { BrokerRole } from '../bus/nats/address.js';
import { guestAccounts, hasManyReplies, permissions, streamAccount } from './permissions.js';

/** What a server of ours is told. Relative paths count from where the server is started. */
export interface ServerConfig {
  /** Comment at the top, for whoever opens the file. */
  readonly about: readonly string[];
  readonly host: string;
  /** -1: any free one. */
  readonly port: number;
  /** JetStream makes a folder `jetstream` in it. */
  readonly storeDir: string;
  /** Every message is on the disk before it is acknowledged. Servers before 2.10 do not know it and would not start. */
  readonly syncAlways: boolean;
  /** The server writes down there which port it got. */
  readonly portsDir?: string;
  /** One token for everybody, or the public NKEY of each role; one that begins with $ names a variable. */
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

/** The account of the streams with its services, and an account for each other role that imports them. */
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
  // A variable must stand without quotes to be replaced.
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
