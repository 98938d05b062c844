import type { Command } from 'commander';
import { withBroker } from './broker-options.js';
import { assertOpenFiles } from '../core/machine-room.js';
import { type Action, runCommand } from './errors.js';
import {
  backendOption,
  checkpointOption,
  defaultLeaseSeconds,
  setOption,
  withMetrics,
  wholeNumber,
} from './options.js';

// How a command is defined. Its arguments and options are declared in program.ts, in a *-commands.ts file or here. Of
// npm packages, these files import only commander and picocolors: `--help` must not wait for TensorFlow, vega or zod.
// The code of the command is one exported function in a file of its own (`up` in up.ts), which is loaded when the
// command runs. The function gets the options as the interface of the same name in options.ts (`UpOptions`). It
// returns an exit code or nothing, and throws HafError. `runCommand` prints the error and sets the exit code.

/**
 * The action of a command whose code is loaded when the command runs. commander appends the command itself to the
 * arguments.
 */
export const lazily =
  <Arguments extends unknown[]>(load: () => Promise<Action<Arguments>>) =>
  (...args: Arguments): Promise<void> =>
    runCommand(async () => {
      assertOpenFiles();
      return (await load())(...args);
    });

export const withExperiment = (command: Command): Command =>
  command
    .option('-c, --config <file>', 'experiment file', 'experiment.yaml')
    .addOption(setOption())
    .option('--data <dir>', 'folder of the cohort, in place of data.root');

export const withPlaces = (command: Command): Command =>
  command
    .option('--runs <dir>', 'where run directories are', './runs')
    .option('--store <uri>', 'where artifacts are: a folder or s3://bucket/prefix', './.haf/store')
    .option('--cache <dir>', 'folder for a local cache of an s3:// store', './.haf/cache')
    .option('--cache-size <GiB>', 'maximum size of that cache', wholeNumber(1), 50);

/** Adds the options that say how a run is executed (`RunOptions`). */
export const withRun = (command: Command): Command =>
  withMetrics(
    withBroker(
      command
        .option(
          '--workers <n>',
          'training jobs at once on this machine (default: one for each core, or five for each GPU)',
          wholeNumber(0),
        )
        .addOption(backendOption())
        .addOption(checkpointOption()),
    )
      .option(
        '--no-broker',
        'run inside this process only, without a broker and without workers of other machines',
      )
      .option('--listen <host[:port]>', 'start the broker on an address that workers of other machines reach')
      .option('--tls', 'with --listen: encrypt, with a certificate authority of its own')
      .option('--security <dir>', 'with --listen: folder of users and certificates (default: in the store)')
      .option(
        '--lease <seconds>',
        'a worker that is silent for this long loses its job',
        wholeNumber(2),
        defaultLeaseSeconds,
      )
      .option('--share-data', "put the cohort's files into the store, for workers that do not have them"),
  );

export const examples = (command: Command, ...lines: readonly string[]): Command =>
  command.addHelpText('before', `Examples:\n${lines.map((line) => `  $ haf-pipeline ${line}`).join('\n')}\n`);
