import { Option, type Command } from 'commander';
import { withBroker } from './broker-options.js';
import { examples, lazily } from './command.js';
import { backendOption, checkpointOption, classList, withMetrics, wholeNumber } from './options.js';

const withLook = (command: Command): Command =>
  withBroker(command)
    .option('--store <uri>', 'store whose own broker is used when no broker is named', './.haf/store')
    .option('--json', 'print JSON');

/** Commands for workers, and for people who follow or manage runs on a broker. */
export function addNetwork(program: Command): void {
  examples(
    withMetrics(withBroker(program.command('worker'))),
    'worker',
    'worker --nats tls://broker.lab.example --creds worker.nk --tlsca ca.pem --store s3://lab/haf',
    'worker --nats nats://10.0.0.5 --insecure --class gpu --slots 2 --data /data/hancock',
  )
    .description('take jobs of any run on a broker; SIGTERM finishes its jobs or hands them back')
    .option('--class <list>', 'classes of jobs: gpu (training), cpu, or both', classList, ['gpu', 'cpu'])
    .option(
      '--slots <n>',
      'training jobs at once (default: one for each core, or five for each GPU)',
      wholeNumber(1),
    )
    .option('--data <dir>', 'folder of the cohort on this machine')
    .option(
      '--store <uri>',
      'the store to serve: a folder or s3://bucket/prefix (default: ./.haf/store, and buckets that runs name)',
    )
    .option('--cache <dir>', 'folder for a local cache of an s3:// store')
    .option('--cache-size <GiB>', 'maximum size of that cache (default: 50)', wholeNumber(1))
    .addOption(backendOption())
    .addOption(checkpointOption())
    .option(
      '--grace <seconds>',
      'time to finish the running jobs after SIGTERM or Ctrl-C',
      wholeNumber(0),
      30,
    )
    .option('--idle-exit <seconds>', 'leave after this long without a job', wholeNumber(1))
    .option('--any-version', 'work on runs of another version with the same major version')
    .action(lazily(async () => (await import('./worker.js')).worker));

  examples(
    withLook(program.command('workers')),
    'workers',
    'workers --nats nats://10.0.0.5 --insecure --json',
  )
    .description('list the workers on the broker and what they work on')
    .action(lazily(async () => (await import('./workers.js')).workers));

  examples(withLook(program.command('status')), 'status')
    .description('show the runs under way, the queues and the workers')
    .action(lazily(async () => (await import('./status.js')).status));

  examples(withLook(program.command('watch')), 'watch', 'watch quickstart-3f9c --json --from start')
    .description('follow a run from any machine: stages, epochs and the results of folds as they come')
    .argument('[run]', 'the run (default: the latest)')
    .addOption(
      new Option('--from <where>', 'with --json or in a log: from the start of the run, or only new events')
        .choices(['start', 'now'])
        .default('now'),
    )
    .action(lazily(async () => (await import('./watch.js')).watch));

  examples(withLook(program.command('cancel')), 'cancel quickstart-3f9c')
    .description('end a run from any machine; finished work stays')
    .argument('<run>', 'the run')
    .action(lazily(async () => (await import('./cancel.js')).cancel));

  examples(program.command('broker'), 'broker', 'broker --listen 0.0.0.0 --tls')
    .description('run a broker that workers reach, until Ctrl-C')
    .option(
      '--listen <host[:port]>',
      'address to listen on; if other machines reach it, users are made (default: this machine only)',
    )
    .option(
      '--security <dir>',
      'folder of users and certificates; created if missing (default: in the store)',
    )
    .option('--tls', 'encrypt, with a certificate authority of its own')
    .option('--store <dir>', 'store it belongs to, on a local disk', './.haf/store')
    .action(lazily(async () => (await import('./broker.js')).broker));

  const security = program.command('security').description('users and certificates of a broker');
  examples(
    security.command('init'),
    'security init lab-broker --tls --host broker.lab.example --host 10.0.0.5',
  )
    .description('write server configuration and credentials per role; never overwrites')
    .argument('<dir>', 'folder to write to')
    .option('--tls', 'make a certificate authority and a server certificate')
    .option(
      '--host <name...>',
      "name or address of the broker, for the certificate (default: this machine's)",
    )
    .option('--days <n>', 'days the certificates are valid', wholeNumber(1), 1095)
    .action(lazily(async () => (await import('./security.js')).securityInit));
}
