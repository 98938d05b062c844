import { strangersText } from '../core/stranger.js';
import { visibleIn, visibleInLine } from '../core/visible.js';
import { kindsText } from '../core/wording.js';
import type { CheckedTable, Preflight } from '../../operators/preflight/preflight.js';
import type { Problem } from '../core/problem.js';
import { paletteFor } from './output.js';
import { groupedByReason } from './problem-lines.js';
import { countedUses } from '../sources/file-report.js';
import type { Survey } from './survey.js';
import { slideRows } from './survey-slides.js';
import { textTable } from './text-table.js';

/** Number of columns of a table that are listed by name. */
const listedColumns = 24;
/** Number of files with the same fault that are named. */
const namedAlike = 5;
/** Number of unused tables that are named. */
const namedUnused = 10;

/** The output of `inspect` as lines for people. */
export function surveyLines(survey: Survey, colors = paletteFor(process.stdout)): readonly string[] {
  const { checks, slides, slideWarnings, contents, unlisted, files, unusedTables } = survey;
  const findings = visibleIn(survey.findings);
  const warnings = [
    ...(checks?.warnings ?? []).map(warningText),
    ...contentWarnings(contents?.problems ?? []),
    ...unlisted.map(({ folder, reason, fix }) => visibleInLine(`${folder}: ${reason} ${fix}`)),
    ...slideWarnings.map(({ file, reason, fix }) => visibleInLine(`${file}: ${reason}. ${fix}`)),
  ];
  const section = (
    title: string,
    header: readonly string[],
    rows: readonly (readonly string[])[],
  ): readonly string[] => {
    if (rows.length === 0) return [];
    const lines = textTable(header, rows).split('\n');
    return ['', colors.bold(title), ...lines.map((line) => `  ${line}`)];
  };
  const slideTable = slideRows(slides);
  return [
    `Cohort in ${survey.root}`,
    ...(checks === null ? [] : checkLines(checks, section)),
    ...section(
      'Files',
      ['use', 'files'],
      files.length === 0
        ? []
        : [
            ...countedUses(files).map(([use, count]) => [visibleInLine(use), `${count}`]),
            ['all files', `${files.length}`],
          ],
    ),
    ...(contents?.read ?? []).map(
      ({ modality, read, files: all }) =>
        `  ${modality}: the content of ${read === all ? `all ${all}` : `${read} of ${all}`} feature files was read${read === all ? '' : ', spread evenly; --read-all reads all'}`,
    ),
    ...unusedLines(unusedTables, section),
    ...section('Slides', slideTable.header, slideTable.rows),
    ...(warnings.length === 0 ? [] : ['', colors.bold('Worth a look')]),
    ...warnings.map((warning) => `  ${colors.yellow('warning')}  ${warning}`),
    ...(findings.length === 0 ? [] : ['', colors.bold('Missing or wrong')]),
    ...findings.flatMap(({ modality, what, fix }) => [
      `  ${colors.yellow(modality)}  ${what}`,
      `  ${' '.repeat(modality.length)}  ${colors.bold('fix:')} ${fix}`,
    ]),
  ];
}

/** Faults in the content of files: the first of each kind by name, the others as a count. */
function contentWarnings(problems: readonly Problem[]): readonly string[] {
  const doubtful = problems.filter(({ severity }) => severity !== 'info');
  return groupedByReason(doubtful).flatMap(({ problems: alike }) => [
    ...alike.slice(0, namedAlike).map(warningText),
    ...(alike.length > namedAlike
      ? [`and ${alike.length - namedAlike} more files of this kind; --json lists them`]
      : []),
  ]);
}

type Section = (
  title: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
) => readonly string[];

/** Lists tables that no modality uses. Runs in the data folder can add many tables, so only the first are named. */
function unusedLines(tables: Survey['unusedTables'], section: Section): readonly string[] {
  if (tables.length === 0) return [];
  const rows = tables
    .slice(0, namedUnused)
    .map(({ table, column, patients }) => [table, column, `${patients}`].map(visibleInLine));
  const others = tables.length - rows.length;
  return [
    ...section('Tables that no modality uses', ['table', 'id column', 'patients'], rows),
    ...(others === 0 ? [] : [`  and ${others} more`]),
    '  A table with one row for each patient can be declared: data.modalities.<name>: { kind: table, file: <table> }',
  ];
}

/** Lines about the outcome, the joins of modalities with it, and the columns of tables, as the checks found them. */
export function checkLines(
  { outcome, joins, tables, patientsByModalities }: Preflight,
  section: Section,
): readonly string[] {
  const { words, patients, unlabelled } = outcome;
  const positive = patients.filter(({ y }) => y === 1).length;
  return [
    ...section(
      'Outcome',
      ['column', words.negative, words.positive, 'left out'],
      [[words.column, `${patients.length - positive}`, `${positive}`, `${unlabelled.length}`]],
    ),
    ...section(
      'Modalities',
      ['name', 'kind', 'from', 'files', 'patients', 'with outcome', 'outcome only'],
      joins.map((join) => [
        ...[join.modality, join.kind, join.place],
        ...[join.files, join.patients, join.matched, join.without].map(String),
      ]),
    ),
    ...joins.flatMap(({ modality, unmatched, lacking, patients: count, matched, without }) => [
      ...(unmatched.length === 0
        ? []
        : [`  ${modality}: ${count - matched} patients without outcome: ${strangersText(unmatched)}`]),
      ...(lacking.length === 0
        ? []
        : [`  ${modality}: ${without} patients of the outcome table are absent: ${strangersText(lacking)}`]),
    ]),
    ...section('Columns', ['table', 'column', 'kind', 'values'], tables.flatMap(columnRows)),
    ...section(
      'Labelled patients',
      ['modalities', 'patients'],
      patientsByModalities.map((count, modalities) => [`${modalities}`, `${count}`]).reverse(),
    ),
  ];
}

function columnRows({ modality, table, left }: CheckedTable): readonly (readonly string[])[] {
  const { columns } = table;
  const rows = columns
    .slice(0, listedColumns)
    .map(({ name, kind, inferred, categories, note }) => [
      modality,
      name,
      `${kind}${inferred ? ' (inferred)' : ''}`,
      note ?? categories?.slice(0, 6).join(', ') ?? '',
    ]);
  const more =
    columns.length > listedColumns
      ? [
          [
            modality,
            `and ${columns.length - listedColumns} more`,
            kindsText(columns.slice(listedColumns)),
            '',
          ],
        ]
      : [];
  return [
    ...rows,
    ...more,
    ...left.slice(0, listedColumns).map(({ column, reason }) => [modality, column, 'left out', reason]),
  ];
}

/** A warning on one line: where, what is wrong, what to do. */
export const warningText = ({ file, place, patient, reason, fix }: Problem): string =>
  visibleInLine(
    `${[file, place, patient === null ? null : `patient ${patient}`].filter((part) => part !== null).join(', ')}: ${sentence(reason)} ${fix}`,
  );

/** A reason has no full stop in tables. In front of another sentence it needs one. */
const sentence = (text: string): string => (/[.!?:]$/.test(text) ? text : `${text}.`);
