import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../config/load.js';
import { type ExitCode, exitCodes } from '../core/errors.js';
import { inspectSlides, isFolder, slidesAt } from './inspect-slides.js';
import type { InspectOptions } from './options.js';
import { paletteFor, printData, printJson } from './output.js';
import { type Survey, surveyCohort } from './survey.js';
import { slideRows } from './survey-slides.js';
import { textTable } from './text-table.js';

/** What `inspect` prints for people. */
export function surveyLines(survey: Survey, colors = paletteFor(process.stdout)): readonly string[] {
  const { outcomes, tables, features, slides, patientsByModalities, findings } = survey;
  const slideTable = slideRows(slides);
  const section = (
    title: string,
    header: readonly string[],
    rows: readonly (readonly string[])[],
  ): string[] => {
    if (rows.length === 0) return [];
    const lines = textTable(header, rows).split('\n');
    return ['', colors.bold(title), ...lines.map((line) => `  ${line}`)];
  };
  return [
    `Cohort in ${survey.root}`,
    ...section(
      'Outcomes',
      ['file', 'living', 'deceased'],
      outcomes ? [[outcomes.file, `${outcomes.living}`, `${outcomes.deceased}`]] : [],
    ),
    ...section(
      'Tables',
      ['modality', 'file', 'rows', 'columns', 'missing cells'],
      tables.map((table) => [
        table.modality,
        table.file,
        ...[table.rows, table.columns, table.missingCells].map(String),
      ]),
    ),
    ...section(
      'Features',
      ['modality', 'files', 'number', 'patients', 'size'],
      features.map(({ modality, glob, files, patients, bytes }) => [
        ...[modality, glob, `${files}`, `${patients}`],
        `${(bytes / 2 ** 20).toFixed(1)} MiB`,
      ]),
    ),
    ...section('Slides', slideTable.header, slideTable.rows),
    ...section(
      'Labelled patients',
      ['modalities', 'patients'],
      patientsByModalities.map((patients, modalities) => [`${modalities}`, `${patients}`]).reverse(),
    ),
    ...(findings.length === 0 ? [] : ['', colors.bold('Missing or wrong')]),
    ...findings.flatMap(({ modality, what, fix }) => [
      `  ${colors.yellow(modality)}  ${what}`,
      `  ${' '.repeat(modality.length)}  ${colors.bold('fix:')} ${fix}`,
    ]),
  ];
}

/** Whether the paths are slides rather than the folder of a cohort, which has an outcome table or an experiment. */
async function slidesMeant(
  paths: readonly string[],
  options: InspectOptions,
): Promise<readonly string[] | null> {
  const [first = '.'] = paths;
  const folder = paths.length === 1 && isFolder(first);
  const cohort = folder && ['targets.csv', 'target.csv'].some((name) => existsSync(join(first, name)));
  if (cohort || (folder && options.config !== undefined)) return null;
  const missing = paths.length === 1 && !existsSync(first);
  if (missing) return null;
  const slides = await slidesAt(paths);
  return folder && slides.length === 0 ? null : slides;
}

/**
 * `inspect DATA`: what is in a cohort folder. Without an experiment it looks for the files of the defaults; with
 * one, anything missing that `up` would refuse ends with exit code 65. `inspect SLIDES...` looks at slide files instead.
 */
export async function inspect(paths: readonly string[], options: InspectOptions): Promise<ExitCode> {
  const slides = await slidesMeant(paths, options);
  if (slides !== null) return inspectSlides(slides, options.json === true);
  const [root = '.'] = paths;
  const experiment = options.config === undefined ? { text: 'name: inspect\n' } : { file: options.config };
  const { config } = loadConfig({ ...experiment, set: options.set });
  const survey = await surveyCohort(config, root);
  if (options.json) printJson(survey);
  else printData(surveyLines(survey).join('\n'));
  const refused = options.config !== undefined && survey.findings.length > 0;
  return refused ? exitCodes.badData : exitCodes.ok;
}
