import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { LeftFile } from '../../operators/survey/read-tables.js';
import { configTemplate } from '../config/print.js';
import { HafError } from '../core/errors.js';
import { matchingFiles } from '../sources/matching-files.js';
import { unlistedFolder, type UnlistedFolder } from '../sources/why-unreadable.js';
import type { InitOptions } from './options.js';
import { printData, say } from './output.js';

/**
 * `init [DIR]`: writes a commented experiment.yaml. With `--from DATA` it writes an experiment for the files of that
 * folder.
 *
 * @throws HafError HAF_USAGE if the file exists or the name is invalid, HAF_DATA_MISSING if DATA is not a folder
 */
export async function init(directory: string, { from, name }: InitOptions = {}): Promise<void> {
  const file = join(directory, 'experiment.yaml');
  if (name !== undefined && !/^[a-z0-9][a-z0-9-]*$/.test(name))
    throw new HafError(
      'HAF_USAGE',
      `"${name}" cannot be the name of an experiment.`,
      'Use lower-case letters, digits and hyphens.',
    );
  if (existsSync(file)) throw taken(file);
  if (from === undefined) {
    write(file, configTemplate(name));
    printData(file);
    say(`Next: set name and data.root in it, then run "haf-pipeline inspect DATA -c ${file}".`);
    return;
  }
  const { text, told } = await draft(file, from, name ?? nameAfter(from));
  write(file, text);
  for (const line of told) say(line);
  printData(file);
  for (const command of ['inspect', 'plan', 'up']) say(`Next: haf-pipeline ${command} -c ${quoted(file)}`);
}

interface Draft {
  readonly text: string;
  /** What `init --from` found in the folder, as lines for the terminal. */
  readonly told: readonly string[];
}

/** Folders of runs and of the store. They may lie inside the folder of the data and are no data. */
const ours = /(^|\/)(\.[^/]*|runs|node_modules)\//;

async function draft(file: string, from: string, name: string): Promise<Draft> {
  if (!existsSync(from) || !statSync(from).isDirectory())
    throw new HafError(
      'HAF_DATA_MISSING',
      `There is no folder ${from}.`,
      'Give --from the folder of the cohort.',
      {
        context: { folder: from },
      },
    );
  const unlisted: LeftFile[] = [];
  const found = await matchingFiles('**/*', from, {
    onUnreadable: ({ name: folder, code }) => {
      if (!ours.test(folder)) unlisted.push(...unlistedFolder(folder, code).map(leftOf));
    },
  });
  const names = found.filter((path) => !ours.test(path));
  const about = { name, root: rootFrom(file, from) };
  const { hancockFolder, hancockText } = await import('./init/hancock-text.js');
  const hancock = await hancockFolder(from, names);
  if (hancock !== null) {
    const modalities = hancock.modalities.map(({ id, file: where }) => `  ${id}: ${where}`);
    return {
      text: hancockText(hancock, about),
      told: [
        'The folder holds the dataset HANCOCK, so the experiment has layout hancock.',
        ...modalities,
        ...unlisted.map(({ file: folder, reason }) => `  ${folder}: ${reason}`),
      ],
    };
  }
  const { surveyFolder } = await import('../../operators/survey/survey-folder.js');
  const { experimentText } = await import('./init/experiment-text.js');
  const { foundLines } = await import('./init/found-text.js');
  const seen = await surveyFolder(from, names);
  const survey = { ...seen, left: [...unlisted, ...seen.left] };
  if (survey.tables.length + survey.bags.length === 0)
    throw new HafError(
      'HAF_DATA_MISSING',
      `${from} holds no modality that can be used.${survey.left.map(({ file: left, reason }) => `\n  ${left}: ${reason}`).join('')}\n`,
      'A modality is a table with one row per patient, or feature files or slides named after patients (docs/own-cohort.md). "haf-pipeline init DIR" writes a file to fill in.',
      { context: { folder: from } },
    );
  return { text: experimentText(survey, about), told: foundLines(survey) };
}

const leftOf = ({ folder, reason, fix }: UnlistedFolder): LeftFile => ({
  file: folder,
  reason: `${reason} ${fix}`,
});

/** The folder of the data, relative to the experiment, with "/" on every operating system. */
function rootFrom(file: string, from: string): string {
  const path = relative(resolve(dirname(file)), resolve(from))
    .split(sep)
    .join('/');
  return path === '' ? '.' : path.startsWith('.') ? path : `./${path}`;
}

/** A valid experiment name from the name of a folder: `NKI 70` gives `nki-70`. */
function nameAfter(folder: string): string {
  const name = basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return name === '' ? 'my-experiment' : name;
}

/** The path, quoted for a shell. */
const quoted = (file: string): string =>
  /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", String.raw`'\''`)}'`;

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw taken(file, cause);
  }
}

const taken = (file: string, cause?: unknown): HafError =>
  new HafError(
    'HAF_USAGE',
    `${file} exists already and is never overwritten.`,
    'Name another folder, or remove the file first.',
    { context: { file }, cause },
  );
