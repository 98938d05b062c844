import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../config/load.js';
import { type ExitCode, exitCodes, HafError } from '../core/errors.js';
import { countedUses, filesCsv } from '../sources/file-report.js';
import { inspectSlides, isFolder, slidesAt, type SlidesMeant } from './inspect-slides.js';
import type { InspectOptions } from './options.js';
import { printData, printJson } from './output.js';
import { type Survey, surveyCohort } from './survey.js';
import { surveyLines } from './survey-text.js';

/**
 * The slides that the paths on the command line name. Null if the path is not a slide but the folder of a cohort, for
 * example because the folder has an outcome table, or because the user also gave an experiment.
 */
async function slidesMeant(paths: readonly string[], options: InspectOptions): Promise<SlidesMeant | null> {
  const [first] = paths;
  if (first === undefined) {
    if (options.config !== undefined) return null;
    throw new HafError(
      'HAF_USAGE',
      'Neither a folder nor an experiment is given.',
      'Name the folder of the cohort, slide files, or an experiment with -c FILE.',
    );
  }
  const folder = paths.length === 1 && isFolder(first);
  const cohort = folder && ['targets.csv', 'target.csv'].some((name) => existsSync(join(first, name)));
  if (cohort || (folder && options.config !== undefined)) return null;
  const missing = paths.length === 1 && !existsSync(first);
  if (missing) return null;
  const meant = await slidesAt(paths);
  return folder && meant.slides.length === 0 ? null : meant;
}

/**
 * `inspect [DATA] -c FILE`: shows the contents of a cohort folder and makes the checks of `up`. If `up` would refuse
 * the cohort, the exit code is 65. Without DATA, data.root of the experiment is used. Without an experiment,
 * HANCOCK's files are looked for. `inspect SLIDES...` checks slide files instead.
 *
 * @throws HafError HAF_USAGE without a folder and an experiment
 */
export async function inspect(paths: readonly string[], options: InspectOptions): Promise<ExitCode> {
  const slides = await slidesMeant(paths, options);
  if (slides !== null) return inspectSlides(slides, options.json === true);
  const experiment = options.config === undefined ? { text: 'name: inspect\n' } : { file: options.config };
  const { config, dataRoot } = loadConfig({ ...experiment, set: options.set });
  const [root = dataRoot ?? '.'] = paths;
  const survey = await surveyCohort(config, root, { readAll: options.readAll === true });
  if (options.files !== undefined) writeFileSync(options.files, filesCsv(survey.files));
  if (options.json) printJson(withoutCells(survey));
  else printData(surveyLines(survey).join('\n'));
  const refused = options.config !== undefined && survey.findings.length > 0;
  return refused ? exitCodes.badData : exitCodes.ok;
}

/** A survey as JSON, without the cells of the tables. */
const withoutCells = ({ checks, files, ...survey }: Survey): object => ({
  ...survey,
  files: Object.fromEntries(countedUses(files)),
  checks: checks && {
    ...checks,
    tables: checks.tables.map(({ table, ...about }) => ({ ...about, columns: table.columns })),
  },
});
