import { grouped } from '../../pipeline/core/grouped.js';
import type { Spread, Summary, SummaryRow } from './summary-data.js';
import { csvLine, type CsvCell } from '../../pipeline/core/csv.js';
import type { PaperSpread } from '../paper/paper-results.js';
import { footnotes, type Footnotes } from './footnotes.js';
import { calibratedCells, calibratedColumns } from './calibrated-csv.js';
import {
  calibratedRows,
  calibratedTable,
  calibratedTitle,
  thresholdTable,
  thresholdTitle,
} from './calibrated-table.js';
import { recommendedLines } from './recommended-data.js';
import {
  digits,
  intervalText,
  latexLines,
  markdownLines,
  type PrintedTable,
  type TableRow,
} from './text-tables.js';
import { isOwn } from '../methods/registry.js';

const spread = ({ mean, std }: Spread): string =>
  mean === null || std === null ? '-' : `${digits(mean)} ± ${digits(std)}`;
const printed = (value: PaperSpread | null): string => {
  if (value === null) return '-';
  const [mean, std] = value;
  return std === null ? `${digits(mean)} (quoted)` : `${digits(mean)} ± ${digits(std)}`;
};
const pooled = ({ value, ci95, reason }: SummaryRow['pooledAuc'], notes: Footnotes): string => {
  const mark = notes.mark(reason);
  if (value === null) return `-${mark}`;
  return ci95 === null
    ? `${digits(value)}${mark === '' ? '' : ` [-]${mark}`}`
    : `${digits(value)}${intervalText(ci95)}`;
};

/** Columns for the paper's numbers exist only if the summary has them. */
const headingsOf = ({ paper }: Summary): string[] => [
  'Method',
  'Folds',
  'Accuracy',
  'Balanced accuracy',
  'AUC',
  'Pooled AUC [95 % CI]',
  'Brier',
  'ECE',
  ...(paper === null ? [] : ['Paper accuracy', 'Paper AUC']),
];

const cells = (row: SummaryRow, { paper }: Summary, notes: Footnotes): string[] => [
  row.title,
  String(row.folds),
  spread(row.accuracy),
  spread(row.balancedAccuracy),
  spread(row.auc),
  pooled(row.pooledAuc, notes),
  spread(row.brier),
  spread(row.ece),
  ...(paper === null ? [] : [printed(row.paper?.accuracy ?? null), printed(row.paper?.auc ?? null)]),
];

/** The cells of a row that could not be computed: its title, and otherwise dashes. */
const skippedCells = ({ title }: Summary['skipped'][number], summary: Summary): string[] => [
  title,
  'skipped',
  ...headingsOf(summary)
    .slice(2)
    .map(() => '-'),
];

/** Methods of the paper come first. Below a line come the methods that exist only in this repository. */
const allCells = (summary: Summary, notes: Footnotes): TableRow[] => {
  const [paper, own] = [false, true].map((ours): TableRow[] => [
    ...summary.rows.filter(({ method }) => isOwn(method) === ours).map((row) => cells(row, summary, notes)),
    ...summary.skipped
      .filter(({ method }) => isOwn(method) === ours)
      .map((row) => skippedCells(row, summary)),
  ]) as [TableRow[], TableRow[]];
  return [...paper, ...(paper.length > 0 && own.length > 0 ? [null] : []), ...own];
};

const cohortLine = ({ cohort, outcome }: Summary): string =>
  `${cohort.patients} patients, ${cohort.positive} ${outcome.positive}; always answering the more frequent class: accuracy ${digits(cohort.majority)}.`;

const paperLines = ({ paper }: Summary, before: string): string[] =>
  paper === null ? [] : [`${before}Paper: ${paper}.`];

/** Each note once, with the titles of its rows. Skipped rows are listed with their reason. */
export function groupedNotes({
  rows,
  skipped,
}: Summary): readonly { readonly about: string; readonly text: string }[] {
  const notes = [
    ...rows.flatMap(({ title, notes }) => notes.map((text) => ({ title, text }))),
    ...skipped.map(({ title, reason }) => ({ title, text: `skipped: ${reason}.` })),
  ];
  const titles = grouped(notes.map(({ title, text }) => [text, title]));
  return [...titles].map(([text, of]) => ({ about: of.join(', '), text }));
}

/** The tables below the result table: the same methods after calibration. */
const secondTables = (summary: Summary): readonly (PrintedTable & { readonly title: string })[] =>
  calibratedRows(summary).length === 0
    ? []
    : [
        { title: calibratedTitle, ...calibratedTable(summary) },
        { title: thresholdTitle, ...thresholdTable(summary) },
      ];

/** The result table for people: mean ± population standard deviation over folds, with notes below. */
export function markdownTable(summary: Summary): string {
  const notes = groupedNotes(summary).map(({ about, text }) => `- ${about}: ${text}`);
  const below = footnotes();
  const rows = allCells(summary, below);
  return [
    ...markdownLines(headingsOf(summary), rows, below.lines()),
    '',
    cohortLine(summary),
    ...paperLines(summary, ''),
    ...(summary.recommended === null ? [] : ['', recommendedLines(summary.recommended).join(' ')]),
    ...secondTables(summary).flatMap(({ title, headings, rows: own }) => [
      ...['', `${title}.`, ''],
      ...markdownLines(headings, own),
    ]),
    ...(notes.length === 0 ? [] : ['', ...notes]),
    '',
  ].join('\n');
}

/** The result table for LaTeX. Notes become comments. */
export function latexTable(summary: Summary): string {
  const notes = groupedNotes(summary).map(({ about, text }) => `% ${about}: ${text}`);
  const below = footnotes();
  const rows = allCells(summary, below);
  return [
    `% ${cohortLine(summary)}`,
    ...paperLines(summary, '% '),
    ...notes,
    ...latexLines(headingsOf(summary), rows, below.lines()),
    ...secondTables(summary).flatMap(({ title, headings, rows: own }) => [
      ...['', `% ${title}.`],
      ...latexLines(headings, own),
    ]),
    '',
  ].join('\n');
}

const spreads = [
  'accuracy',
  'balancedAccuracy',
  'sensitivity',
  'specificity',
  'auc',
  'brier',
  'ece',
  'observedAuc',
] as const satisfies readonly (keyof SummaryRow)[];

/**
 * summary.csv, for programs: every number of the table at full precision in a column of its own. A cell is empty if its
 * number is undefined or its method was skipped.
 */
export function csvTable({ rows, skipped, paper }: Summary): string {
  const header = [
    'method',
    'title',
    'folds',
    ...spreads.flatMap((name) => [`${name}Mean`, `${name}Std`, `${name}Folds`]),
    'pooledAuc',
    'pooledAucLow95',
    'pooledAucHigh95',
    'pooledEce',
    'repeatsAucMean',
    'repeatsAucStd',
    'repeatsAccuracyMean',
    'repeatsAccuracyStd',
    ...(paper === null
      ? []
      : ['paperTable', 'paperAccuracyMean', 'paperAccuracyStd', 'paperAucMean', 'paperAucStd']),
    'skipped',
    'pooledAucReason',
    ...calibratedColumns,
    'own',
  ];
  const values = (row: SummaryRow): CsvCell[] => [
    row.method,
    row.title,
    row.folds,
    ...spreads.flatMap((name) => [row[name].mean, row[name].std, row[name].folds]),
    row.pooledAuc.value,
    row.pooledAuc.ci95?.[0] ?? null,
    row.pooledAuc.ci95?.[1] ?? null,
    row.calibration.ece,
    row.repeats?.aucSpread.mean ?? null,
    row.repeats?.aucSpread.std ?? null,
    row.repeats?.accuracySpread.mean ?? null,
    row.repeats?.accuracySpread.std ?? null,
    ...(paper === null ? [] : paperValues(row)),
    null,
    row.pooledAuc.reason ?? null,
    ...calibratedCells(row),
    ownWord(row.method),
  ];
  const afterwards = calibratedColumns.map(() => null);
  const empty = header.slice(3, header.length - afterwards.length - 1).map(() => null);
  const without = skipped.map(({ method, title, reason }) => [
    ...[method, title, 0, ...empty.slice(2), reason],
    null,
    ...afterwards,
    ownWord(method),
  ]);
  return [header, ...rows.map(values), ...without].map(csvLine).join('');
}

/** `yes` if the method exists only in this repository and in no paper, else `no`. */
const ownWord = (method: string): string => (isOwn(method) ? 'yes' : 'no');

const paperValues = ({ paper }: SummaryRow): (string | number | null)[] => [
  paper?.table ?? null,
  ...(paper?.accuracy ?? [null, null]),
  ...(paper?.auc ?? [null, null]),
];
