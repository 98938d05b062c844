import { Argument, Command, CommanderError, Option } from 'commander';
import { addBackends } from './backend-commands.js';
import { exitCodes } from '../core/errors.js';
import { stageNames } from '../core/stage-name.js';
import { examples, lazily, withExperiment, withPlaces, withRun } from './command.js';
import { addModels } from './model-commands.js';
import { addNetwork } from './network-commands.js';
import { backendOption, setOption, verifyOption, wholeNumber } from './options.js';
import { addPage, withPage } from './page-options.js';
import { paletteFor, say } from './output.js';
import { addReporting } from './reporting-commands.js';
import { addStore } from './store-commands.js';
import { packageVersion } from './version.js';
import { addSlides } from './slides-commands.js';

function addPreparation(program: Command): void {
  examples(program.command('init'), 'init', 'init my-experiment', 'init my-study --from data/own')
    .description('write a commented experiment file; with --from, for your own data; never overwrites a file')
    .argument('[dir]', 'folder to write experiment.yaml to', '.')
    .option('--from <data>', 'folder of a cohort: look at its files and write the experiment for them')
    .option('--name <name>', 'name of the experiment (default: with --from, that of the folder)')
    .action(lazily(async () => (await import('./init.js')).init));

  examples(program.command('doctor'), 'doctor', 'doctor --json')
    .description('check this machine: Node, memory, tensor library, disk space, write access')
    .addOption(backendOption())
    .option('--runs <dir>', 'where run directories will be', './runs')
    .option('--store <dir>', 'where artifacts will be', './.haf/store')
    .option('--json', 'print the checks as JSON')
    .action(lazily(async () => (await import('./doctor.js')).doctor));

  examples(
    program.command('inspect'),
    'inspect /data/hancock',
    'inspect -c experiment.yaml',
    'inspect slides/*.svs',
  )
    .description('show what a cohort folder holds and lacks; or whether slides can be read, and how')
    .argument(
      '[paths...]',
      'folder of the cohort (default: data.root of the experiment), or slide files and folders of them',
    )
    .option('-c, --config <file>', 'experiment file that names the tables and feature files')
    .addOption(setOption())
    .option('--json', 'print what was found as JSON')
    .option('--read-all', 'read every feature file, even if it takes long; without it, a sample is read')
    .option(
      '--files <csv>',
      'write a CSV file that says for each file of the cohort which modality uses it, or why none does',
    )
    .action(lazily(async () => (await import('./inspect.js')).inspect));

  examples(
    program.command('synth'),
    'synth data/synthetic',
    'synth data/small --patients 40 --slides',
    'synth data/own --own',
  )
    .description(
      'make a synthetic cohort with the seven modalities of HANCOCK, or with the names of another group',
    )
    .argument('<dir>', 'folder to write the cohort to')
    .option('--patients <n>', 'number of patients', wholeNumber(20), 120)
    .option('--seed <n>', 'seed of every random draw', wholeNumber(0), 1)
    .option('--width <n>', 'length of one instance of a bag (default: 64, with --own 32)', wholeNumber(2))
    .option('--slides', 'write slides as images (slides/*.svs) in place of their features')
    .addOption(
      new Option(
        '--own',
        'write ids, words, tables and a table of files as another group would: the cohort of examples/own-cohort.yaml',
      ).conflicts('slides'),
    )
    .action(lazily(async () => (await import('./synth.js')).synth));

  const config = program.command('config').description('show the experiment as the pipeline reads it');
  examples(withExperiment(config.command('print')), 'config print -c experiment.yaml --set train.epochs=60')
    .description('print the resolved experiment: every key with its value and meaning')
    .option('--json', 'print it as JSON')
    .action(lazily(async () => (await import('./config.js')).printConfig));
  config
    .command('schema')
    .description('print the JSON Schema of experiment files')
    .action(lazily(async () => (await import('./config.js')).printSchema));
  config
    .command('reference')
    .description('print the reference of every key as Markdown')
    .action(lazily(async () => (await import('./config.js')).printReference));
}

/** Adds the options that say how `up` plans and runs an experiment. */
const withUp = (command: Command): Command =>
  withPage(withRun(withPlaces(command)))
    .option('--dry-run', 'print what would run and why, and stop')
    .addOption(verifyOption())
    .option('--json', 'write events as NDJSON to stdout');

function addExecution(program: Command): void {
  examples(
    withUp(program.command('quickstart')),
    'quickstart',
    'quickstart --set methods=[haf,all_mlp]',
    'quickstart --patients 60 --dry-run',
  )
    .description(
      'make a synthetic cohort in ./data/synthetic and run eleven methods on it: 2 to 4 minutes on two cores',
    )
    .option('--patients <n>', 'number of patients', wholeNumber(20), 320)
    .addOption(setOption())
    .action(lazily(async () => (await import('./quickstart.js')).quickstart));

  examples(
    withUp(withExperiment(program.command('up'))),
    'up -c experiment.yaml --data /data/hancock',
    'up -c experiment.yaml --dry-run',
    'up -c experiment.yaml --set train.epochs=60 --set cv.folds=5',
    'up -c experiment.yaml --page',
    'up -c experiment.yaml --listen 0.0.0.0 --tls --share-data',
    'up -c experiment.yaml --nats tls://broker.lab.example --creds orchestrator.nk --tlsca ca.pem',
  )
    .description('run an experiment; the same command again resumes it')
    .action(lazily(async () => (await import('./up.js')).up));

  examples(withPlaces(withExperiment(program.command('plan'))), 'plan -c experiment.yaml')
    .description('show what "up" would run and why, without running it')
    .addOption(verifyOption())
    .option('--json', 'print the plan as JSON')
    .action(lazily(async () => (await import('./plan.js')).plan));

  examples(
    withRun(withPlaces(program.command('replay'))),
    'replay stage3 --run quickstart-3f9c --set fusion.lambdaMoFe=0.2 --downstream',
    'replay stage1 --run quickstart-3f9c --fold 2 --force',
  )
    .description('run one stage of a run again, from the artifacts that it read')
    .addArgument(new Argument('<stage>', 'stage to run again').choices(stageNames))
    .requiredOption('--run <name>', 'the run')
    .option('--fold <k>', 'only this fold', wholeNumber(0))
    .addOption(setOption())
    .option('--data <dir>', 'folder of the cohort, if it has moved')
    .option('--downstream', 'also run the stages that depend on this stage')
    .option('--force', 'compute again even if the artifact exists')
    .option('--json', 'write events as NDJSON to stdout')
    .action(lazily(async () => (await import('./replay.js')).replay));
}

const withFiles = (command: Command): Command =>
  withRun(withPlaces(command))
    .requiredOption('-o, --out <dir>', 'folder to write to')
    .option('--force', 'replace files of other content in that folder, but never an input')
    .option('-c, --config <file>', 'experiment file whose settings are used (default: the default settings)')
    .addOption(setOption())
    .option(
      '--modality <name>',
      'bag modality whose settings are used (default: the first of the experiment, or WSI)',
    )
    .option('--coords <dir>', 'folder of existing coordinates, <image>.h5 of CLAM, TRIDENT or "tile"')
    .option('--json', 'write events as NDJSON to stdout');

function addBags(program: Command): void {
  examples(
    withFiles(program.command('tile')),
    'tile slides/*.svs -o tiles',
    'tile slides -o tiles --set tissue.preset=bwh_biopsy --set tile.mpp=0.5',
  )
    .description(
      'find the tissue of slides and lay the grid of tiles: writes CLAM coordinates, masks, pictures',
    )
    .argument('<images...>', 'slides or cores, or folders of them')
    .action(lazily(async () => (await import('./tile.js')).tile));

  examples(
    withFiles(program.command('embed')),
    'embed slides/a.svs -o features --set embed.encoder.onnx=uni.onnx',
    'embed slides -o features --coords tiles/patches --set embed.encoder.onnx=uni.onnx',
    'embed pt_files -o features',
  )
    .description('compute features of images, or convert features of other tools to one format (CLAM h5)')
    .argument('<files...>', 'images or feature files, or folders of them')
    .action(lazily(async () => (await import('./embed.js')).embed));
}

function addHistory(program: Command): void {
  examples(program.command('failures'), 'failures quickstart-3f9c', 'failures latest --json')
    .description('list what failed in a run: jobs, jobs skipped because of them, files and patients left out')
    .argument('<run>', 'the run')
    .option('--runs <dir>', 'where run directories are', './runs')
    .option('--json', 'print it as JSON')
    .action(lazily(async () => (await import('./failures.js')).failures));

  examples(
    withPlaces(program.command('explain')),
    'explain --run quickstart-3f9c',
    'explain stage2 --run quickstart-3f9c --fold 0',
  )
    .description('say why each job of a run was computed or taken from the store')
    .addArgument(new Argument('[stage]', 'only this stage').choices(stageNames))
    .requiredOption('--run <name>', 'the run')
    .option('--fold <k>', 'only this fold', wholeNumber(0))
    .option('--json', 'print it as JSON')
    .action(lazily(async () => (await import('./explain.js')).explain));

  examples(
    program.command('compare'),
    'compare paper-3f9c paper-81d0',
    'compare paper-3f9c paper-3f9c --methods haf all_mlp',
  )
    .description('test whether two runs, or two methods of a run, differ on the same patients')
    .argument('<run-a>', 'the first run')
    .argument('<run-b>', 'the second run; may be the same as the first')
    .option('--method <name>', 'only this method (default: all methods that both runs have)')
    .addOption(
      new Option('--methods <names...>', 'a method of the first run and one of the second').conflicts(
        'method',
      ),
    )
    .option('--runs <dir>', 'where run directories are', './runs')
    .option('--json', 'print the comparisons as JSON')
    .action(lazily(async () => (await import('./compare.js')).compare));

  const runs = program.command('runs').description('list runs and show one');
  examples(runs.command('ls'), 'runs ls')
    .description('list the runs')
    .option('--runs <dir>', 'where run directories are', './runs')
    .option('--json', 'print them as JSON')
    .action(lazily(async () => (await import('./runs.js')).listRuns));
  examples(runs.command('show'), 'runs show quickstart-3f9c')
    .description('show the state and results of a run')
    .argument('<run>', 'the run')
    .option('--runs <dir>', 'where run directories are', './runs')
    .option('--json', 'print it as JSON')
    .action(lazily(async () => (await import('./runs.js')).showRun));
}

/**
 * The command line, ready to parse. After help or a usage error it throws CommanderError and does not end the
 * process.
 */
export function buildProgram(): Command {
  const program = new Command('haf-pipeline')
    .description('From a cohort of slides and tables to a cross-validated survival classifier (HAF).')
    .version(packageVersion())
    .option('--no-color', 'no colours (NO_COLOR does the same)')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(paletteFor(process.stderr).red(text)) })
    .showHelpAfterError('Add --help for the options and examples.');
  examples(
    program,
    'quickstart',
    'init',
    'doctor',
    'inspect /data/hancock',
    'up -c experiment.yaml --data /data/hancock',
  );
  addPreparation(program);
  addExecution(program);
  addBags(program);
  addModels(program);
  addReporting(program);
  addHistory(program);
  addStore(program);
  addNetwork(program);
  addPage(program);
  addBackends(program);
  addSlides(program);
  return program;
}

/** Whether the command that the words call has the option `--set`. */
function takesKeys(program: Command, words: readonly string[]): boolean {
  let command = program;
  for (const word of words) {
    const inner = command.commands.find((one) => one.name() === word);
    if (inner === undefined) break;
    command = inner;
  }
  return command.options.some(({ long }) => long === '--set');
}

/** Runs one command line and sets the exit code of the process. Wrong usage gives exit code 64. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = buildProgram();
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const [, option] = /^error: unknown option '([^']+)'/.exec(error.message) ?? [];
    if (option !== undefined && takesKeys(program, argv.slice(2))) {
      // The schema of the experiment takes time to load. It is loaded only to explain an unknown option.
      const { keyHint } = await import('./key-hint.js');
      const hint = keyHint(option, argv.slice(2));
      if (hint !== null) say(hint);
    }
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
}
