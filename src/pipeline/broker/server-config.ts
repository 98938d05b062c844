import { type BrokerRole, brokerRoles } from '../bus/nats/address.js';
import { permissions } from './permissions.js';

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
    'authorization {',
    ...('token' in config.auth
      ? [`  token: ${quoted(config.auth.token)}`]
      : ['  users: [', ...usersText(config.auth.users), '  ]']),
    '}',
    '',
  ].join('\n');
}

function usersText(users: Readonly<Record<BrokerRole, string>>): string[] {
  return brokerRoles.flatMap((role) => [
    `    # ${role}`,
    '    {',
    // A variable must stand without quotes to be replaced.
    `      nkey: ${users[role].startsWith('$') ? users[role] : quoted(users[role])}`,
    '      permissions: {',
    ...subjectsText('publish', permissions[role].publish),
    ...subjectsText('subscribe', permissions[role].subscribe),
    '      }',
    '    }',
  ]);
}

const subjectsText = (what: string, subjects: readonly string[]): string[] => [
  `        ${what}: [`,
  ...subjects.map((subject) => `          ${quoted(subject)}`),
  '        ]',
];

const quoted = (text: string): string => JSON.stringify(text);
