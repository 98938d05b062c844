import type { Command } from 'commander';
import { examples, lazily } from './command.js';

/** The commands that check and clean a store. */
export function addStore(program: Command): void {
  const store = program.command('store').description('verify, repair and clean a store');
  const inStore = (command: Command): Command =>
    command
      .option('--store <uri>', 'the store: a folder or s3://bucket/prefix', './.haf/store')
      .option('--json', 'print it as JSON');
  examples(
    inStore(store.command('verify')),
    'store verify',
    'store verify --store /data/haf-store',
    'store verify --store s3://lab/haf',
  )
    .description('hash all content of a store and list what is damaged or missing (exit code 1)')
    .action(lazily(async () => (await import('./store.js')).verifyStore));
  examples(inStore(store.command('repair')), 'store repair')
    .description('set damaged files aside, so that the next "up" computes them again')
    .action(lazily(async () => (await import('./store.js')).repairStore));
  examples(inStore(store.command('gc')), 'store gc', 'store gc quickstart-3f9c --delete')
    .description('list what no run needs; with --delete, remove it')
    .argument('[runs...]', 'the runs whose results stay (default: all below --runs)')
    .option('--runs <dir>', 'where run directories are', './runs')
    .option('--delete', 'remove it')
    .action(lazily(async () => (await import('./store.js')).collectStore));
}
