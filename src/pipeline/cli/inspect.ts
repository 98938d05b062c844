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

/** Whether the paths are slides rather than the folder of a cohort, which has an outcome table or an experiment. */
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
 * `inspect [DATA] -c FILE`: what is in a cohort folder, by the checks of `up`: what they refuse ends with exit code 65. DATA
 * is data.root of the experiment where it is absent. Without an experiment it looks for HANCOCK's files. `inspect SLIDES...`
 * looks at slide files instead.
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

/** A survey as JSON: the cells of tables stay where they are. */
const withoutCells = ({ checks, files, ...survey }: Survey): object => ({
  ...survey,
  files: Object.fromEntries(countedUses(files)),
  checks: checks && {
    ...checks,
    tables: checks.tables.map(({ table, ...about }) => ({ ...about, columns: table.columns })),
  },
});
