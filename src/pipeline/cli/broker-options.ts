import type { Command } from 'commander';

/** Adds the options by which a command reaches a broker (`BrokerOptions` in broker/connect-options.ts). */
export const withBroker = (command: Command): Command =>
  command
    .option('--nats <urls>', 'NATS servers, separated by commas (NATS_URL)')
    .option('--context <name>', 'context of the nats command line (NATS_CONTEXT)')
    .option('--creds <file>', 'credentials: a .creds file or an NKEY seed (NATS_CREDS)')
    .option('--tlsca <file>', 'certificate authority of the servers (NATS_CA)')
    .option('--tlscert <file>', 'client certificate (NATS_CERT)')
    .option('--tlskey <file>', 'key of the client certificate (NATS_KEY)')
    .option(
      '--insecure',
      'accept unencrypted connections to other machines, and credential files that other users can read',
    );
