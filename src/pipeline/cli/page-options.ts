import { InvalidArgumentError, Option, type Command } from 'commander';
import { withBroker } from './broker-options.js';
import { examples, lazily } from './command.js';

/** What protects a page that other machines reach. */
const withLock = (command: Command): Command =>
  command
    .option('--page-token <file>', 'who opens the page has to know the token in this file')
    .option('--page-cert <file>', 'certificate of the page (PEM); needed beyond this machine, or a proxy')
    .option('--page-key <file>', 'key of the certificate')
    .option('--page-proxy <host>', 'host name of a proxy that encrypts, in place of a certificate')
    .option('--page-host <name...>', 'further names under which the page is reached');

const addressOption = (flags: string, about: string): Option =>
  new Option(flags, about).argParser((text: string) => {
    const [, bracketed, name, port] = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text) ?? [];
    if (port === undefined || Number(port) > 65_535)
      throw new InvalidArgumentError('expected PORT or HOST:PORT, for example 8080 or 0.0.0.0:8080.');
    return { host: bracketed ?? name ?? '127.0.0.1', port: Number(port) };
  });

/** `--page`: the live page of a run, served while the run goes on (`PageOptions`). */
export const withPage = (command: Command): Command =>
  withLock(
    command.addOption(
      addressOption(
        '--page [[host:]port]',
        'serve the live page; without a host on 127.0.0.1, without a port on any that is free',
      ),
    ),
  );

/** The command that serves the page of runs that are under way elsewhere or have ended. */
export function addPage(program: Command): void {
  examples(
    withLock(
      withBroker(
        program
          .command('page')
          .description('show runs in a browser: progress, results, slides; read-only, until Ctrl-C')
          .argument('[run]', 'the run to open (default: the list of runs)')
          .addOption(
            addressOption('--at <[host:]port>', 'where to serve it (default: a free port of 127.0.0.1)'),
          )
          .option('--runs <dir>', 'where run directories are', './runs')
          .option(
            '--export <dir>',
            'write the pages of the run as files for a browser or a web server, and end',
          ),
      ),
    ),
    'page latest',
    'page quickstart-3f9c --at 8080',
    'page --nats nats://10.0.0.5 --insecure',
    'page quickstart-3f9c --export public/quickstart',
  ).action(lazily(async () => (await import('./page.js')).page));
}
