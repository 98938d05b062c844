import type { Command } from 'commander';
import { examples, lazily } from './command.js';

/** The commands that prepare a run for publication. */
export function addReporting(program: Command): void {
  examples(program.command('checklist'), 'checklist quickstart-3f9c', 'checklist latest')
    .description('write the TRIPOD+AI and REMARK checklists of a run into its directory, with gaps marked')
    .argument('<run>', 'the run')
    .option('--runs <dir>', 'where run directories are', './runs')
    .option('--force', 'replace checklists that somebody has edited')
    .option('--json', 'print the items as JSON')
    .action(lazily(async () => (await import('./checklist.js')).checklist));

  examples(
    program.command('ro-crate'),
    'ro-crate quickstart-3f9c',
    'ro-crate latest --author "FIRST LAST" --licence CC-BY-4.0',
  )
    .description('write ro-crate-metadata.json (RO-Crate 1.1) into a run directory')
    .argument('<run>', 'the run')
    .option('--author <names...>', 'authors of the study, one name each')
    .option('--licence <text>', 'licence of the results: an SPDX identifier such as CC-BY-4.0, or an address')
    .option('--runs <dir>', 'where run directories are', './runs')
    .option('--json', 'print the metadata as JSON')
    .action(lazily(async () => (await import('./ro-crate.js')).roCrateOf));
}
