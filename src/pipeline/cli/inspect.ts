import { loadConfig } from '../config/load.js';
import { type ExitCode, exitCodes } from '../core/errors.js';
import type { InspectOptions } from './options.js';
import { paletteFor, printData, printJson } from './output.js';
import { type Survey, surveyCohort } from './survey.js';

const count = (value: number): string => value.toLocaleString('en-US');

/** Rows of texts as aligned columns; numbers stand at the right. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((text, at) =>
        /^[\d,]+$/.test(text) ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** What `inspect` prints for people. */
export function surveyLines(survey: Survey, colors = paletteFor(process.stdout)): readonly string[] {
  const { outcomes, tables, features, patientsByModalities, findings } = survey;
  const section = (title: string, rows: readonly (readonly string[])[]): readonly string[] =>
    rows.length === 0 ? [] : ['', colors.bold(title), ...aligned(rows).map((line) => `  ${line}`)];
  return [
    `Cohort in ${survey.root}`,
    ...section(
      'Outcomes',
      outcomes === null
        ? []
        : [[outcomes.file, `${count(outcomes.living)} living`, `${count(outcomes.deceased)} deceased`]],
    ),
    ...section(
      'Tables',
      tables.map((table) => [
        table.modality,
        table.file,
        count(table.rows),
        'rows',
        count(table.columns),
        'columns',
        count(table.missingCells),
        'missing cells',
      ]),
    ),
    ...section(
      'Features',
      features.map(({ modality, glob, files, patients, bytes }) => [
        modality,
        glob,
        count(files),
        'files',
        count(patients),
        'patients',
        `${(bytes / 2 ** 20).toFixed(1)} MiB`,
      ]),
    ),
    ...section(
      'Labelled patients by number of modalities',
      patientsByModalities.map((patients, modalities) => [count(modalities), count(patients)]).reverse(),
    ),
    ...(findings.length === 0 ? [] : ['', colors.bold('Missing')]),
    ...findings.flatMap(({ modality, what, fix }) => [
      `  ${colors.yellow(modality)}  ${what}`,
      `  ${' '.repeat(modality.length)}  ${colors.bold('fix:')} ${fix}`,
    ]),
  ];
}

/**
 * `inspect DATA`: what is in a cohort folder. Without an experiment it looks for the files of the defaults; with
 * one, anything missing that `up` would refuse ends with exit code 65.
 */
export async function inspect(root: string, options: InspectOptions): Promise<ExitCode> {
  const experiment = options.config === undefined ? { text: 'name: inspect\n' } : { file: options.config };
  const { config } = loadConfig({ ...experiment, set: options.set });
  const survey = await surveyCohort(config, root);
  if (options.json) printJson(survey);
  else printData(surveyLines(survey).join('\n'));
  const refused = options.config !== undefined && survey.findings.length > 0;
  return refused ? exitCodes.badData : exitCodes.ok;
}
