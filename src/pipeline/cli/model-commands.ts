import type { Command } from 'commander';
import { examples, lazily, withPlaces, withRun } from './command.js';
import { setOption, wholeNumber } from './options.js';

/** The commands that use a trained method. */
export function addModels(program: Command): void {
  const bundle = program
    .command('bundle')
    .description('put a trained method of a run into one file, for use on new patients');
  examples(
    withRun(withPlaces(bundle.command('make', { isDefault: true }))),
    'bundle quickstart-3f9c --method haf -o model.haf',
    'bundle show model.haf',
    'bundle verify model.haf',
  )
    .description('put a trained method of a run into one file; "make" may be left out')
    .argument('<run>', 'the run')
    .requiredOption('--method <name>', 'row of the result table')
    .requiredOption('-o, --out <file>', 'file to write, for example model.haf')
    .option('--licence <text>', 'licence under which the model is published, for example CC-BY-NC-4.0')
    .option('--force', 'replace a file of other content')
    .option('--json', 'write events as NDJSON to stdout')
    .action(lazily(async () => (await import('./bundle.js')).bundle));
  bundle
    .command('show')
    .description('show the contents of a bundle, and how well its model performs')
    .argument('<file>', 'the bundle')
    .option('--json', 'print it as JSON')
    .option('--card', 'print its model card')
    .action(lazily(async () => (await import('./bundle.js')).showBundle));
  bundle
    .command('verify')
    .description('check that a bundle is complete and unchanged, and that this version can read it')
    .argument('<file>', 'the bundle')
    .action(lazily(async () => (await import('./bundle.js')).verifyBundle));
  examples(bundle.command('onnx'), 'bundle onnx model.haf -o model-onnx')
    .description('write the models of a bundle as ONNX files, with an example in Python')
    .argument('<file>', 'the bundle')
    .requiredOption('-o, --out <dir>', 'folder to write to')
    .option('--force', 'replace files of other content')
    .action(lazily(async () => (await import('./bundle-onnx.js')).exportBundle));

  examples(
    withRun(withPlaces(program.command('predict'))),
    'predict model.haf --data new-patients -o predictions',
    'predict model.haf --data /data/clinic -c cohort.yaml -o predictions',
  )
    .description(
      'predict new patients with a bundled model; no outcome is needed, and modalities may be missing',
    )
    .argument('<file>', 'the bundle')
    .requiredOption('-o, --out <dir>', 'folder to write predictions.csv to')
    .option('--data <dir>', 'folder of the new patients')
    .option('-c, --config <file>', 'cohort file that describes their data (default: as the training data)')
    .addOption(setOption())
    .option(
      '--patients <file>',
      'table whose ids are predicted, also those without data (default: everybody with data)',
    )
    .option('--heatmaps', 'also write attention heatmaps for each patient with a bag')
    .option('--trained-patients', 'also predict patients that the model was trained on')
    .option(
      '--parts <n>',
      'number of jobs to split the patients into (default: one per about 1000)',
      wholeNumber(1),
    )
    .option('--json', 'write events as NDJSON to stdout')
    .action(lazily(async () => (await import('./predict.js')).predict));

  examples(
    withRun(withPlaces(program.command('validate'))),
    'validate model.haf --data /data/clinic -c cohort.yaml -o validation',
    'validate model.haf --data /data/clinic -c cohort.yaml -o validation --by site --by Clin.sex',
  )
    .description('compare the predictions of a bundled model with the outcomes of another cohort')
    .argument('<file>', 'the bundle')
    .requiredOption('-o, --out <dir>', 'folder to write validation.html and its tables to')
    .option('--data <dir>', 'folder of the cohort')
    .option(
      '-c, --config <file>',
      'cohort file that describes its data and outcome (default: as the training data)',
    )
    .addOption(setOption())
    .option(
      '--by <column>',
      'also show results by the values of this column of a declared table or the outcome table; repeatable',
      (column: string, before: readonly string[]) => [...new Set([...before, column])],
      [] as readonly string[],
    )
    .option('--patients <file>', 'table whose ids are validated (default: everybody with data and outcome)')
    .option(
      '--trained-patients',
      'also include patients that the model was trained on; their results look too good',
    )
    .option(
      '--parts <n>',
      'number of jobs to split the patients into (default: one per about 1000)',
      wholeNumber(1),
    )
    .option('--json', 'write events as NDJSON to stdout')
    .action(lazily(async () => (await import('./validate.js')).validate));
}
