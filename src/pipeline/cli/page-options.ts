import { InvalidArgumentError, Option, type Command } from 'commander';
import { withBroker } from './broker-options.js';
import { examples, lazily } from './command.js';

/** Adds the options that protect a page which other machines reach. */
const withLock = (command: Command): Command =>
  command
    .option('--page-token <file>', 'visitors of the page must give the token in this file')
    .option(
      '--page-cert <file>',
      'certificate of the page (PEM); other machines reach the page only with it or with a proxy',
    )
    .option('--page-key <file>', 'key of the certificate')
    .option('--page-proxy <host>', 'host name of a proxy that encrypts, in place of a certificate')
    .option('--page-host <name...>', 'other host names under which the page is reached');

const addressOption = (flags: string, about: string): Option =>
  new Option(flags, about).argParser((text: string) => {
    const [, bracketed, name, port] = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text) ?? [];
    if (port === undefined || Number(port) > 65_535)
      throw new InvalidArgumentError('expected PORT or HOST:PORT, for example 8080 or 0.0.0.0:8080.');
    return { host: bracketed ?? name ?? '127.0.0.1', port: Number(port) };
  });

/** `--page`: serves the live page of a run while the run is executed (`PageOptions`). */
export const withPage = (command: Command): Command =>
  withLock(
    command.addOption(
      addressOption(
        '--page [[host:]port]',
        'serve the live page; without a host on 127.0.0.1, without a port on any free port',
      ),
    ),
  );

/** The command that serves the page of runs that are executed elsewhere or have ended. */
export function addPage(program: Command): void {
  examples(
    withLock(
      withBroker(
        program
          .command('page')
          .description('show runs in a browser: progress, results, slides; read-only, until Ctrl-C')
          .argument('[run]', 'the run to open (default: the list of runs)')
          .addOption(
            addressOption(
              '--at <[host:]port>',
              'address to serve the page on (default: a free port of 127.0.0.1)',
            ),
          )
          .option('--runs <dir>', 'where run directories are', './runs')
          .option('--export <dir>', 'write the pages of the run as files, for a browser or a web server'),
      ),
    ),
    'page latest',
    'page quickstart-3f9c --at 8080',
    'page --nats nats://10.0.0.5 --insecure',
    'page quickstart-3f9c --export public/quickstart',
  ).action(lazily(async () => (await import('./page.js')).page));
}
