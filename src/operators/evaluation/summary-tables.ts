import type { Spread, Summary, SummaryRow } from './summary-data.js';
import { csvLine } from '../../pipeline/core/csv.js';
import type { PaperSpread } from '../paper/paper-results.js';
import { digits, intervalText, latexLines, markdownLines } from './text-tables.js';

const spread = ({ mean, std }: Spread): string =>
  mean === null || std === null ? '-' : `${digits(mean)} ± ${digits(std)}`;
const printed = (value: PaperSpread | null): string => {
  if (value === null) return '-';
  const [mean, std] = value;
  return std === null ? `${digits(mean)} (quoted)` : `${digits(mean)} ± ${digits(std)}`;
};
const pooled = ({ value, ci95 }: SummaryRow['pooledAuc']): string =>
  value === null ? '-' : `${digits(value)}${intervalText(ci95)}`;

const headings = [
  'Method',
  'Folds',
  'Accuracy',
  'Balanced accuracy',
  'AUC',
  'Pooled AUC [95 % CI]',
  'Brier',
  'ECE',
  'Paper accuracy',
  'Paper AUC',
];

const cells = (row: SummaryRow): string[] => [
  row.title,
  String(row.folds),
  spread(row.accuracy),
  spread(row.balancedAccuracy),
  spread(row.auc),
  pooled(row.pooledAuc),
  spread(row.brier),
  spread(row.ece),
  printed(row.paper?.accuracy ?? null),
  printed(row.paper?.auc ?? null),
];

/** A row that could not be computed: its title, and nothing else. */
const skippedCells = ({ title }: Summary['skipped'][number]): string[] => [
  title,
  'skipped',
  ...headings.slice(2).map(() => '-'),
];

const allCells = ({ rows, skipped }: Summary): string[][] => [
  ...rows.map(cells),
  ...skipped.map(skippedCells),
];

const cohortLine = ({ cohort }: Summary): string =>
  `${cohort.patients} patients, ${cohort.deceased} deceased; always answering the more frequent class: accuracy ${digits(cohort.majority)}.`;

/** Each note once, with the titles of the rows it holds for; skipped rows with their reason. */
export function groupedNotes({
  rows,
  skipped,
}: Summary): readonly { readonly about: string; readonly text: string }[] {
  const titles = new Map<string, string[]>();
  const notes = [
    ...rows.flatMap(({ title, notes }) => notes.map((text) => ({ title, text }))),
    ...skipped.map(({ title, reason }) => ({ title, text: `skipped: ${reason}.` })),
  ];
  for (const { title, text } of notes) titles.set(text, [...(titles.get(text) ?? []), title]);
  return [...titles].map(([text, of]) => ({ about: of.join(', '), text }));
}

/** The result table for people: mean ± population standard deviation over folds, notes below. */
export function markdownTable(summary: Summary): string {
  const notes = groupedNotes(summary).map(({ about, text }) => `- ${about}: ${text}`);
  return [
    ...markdownLines(headings, allCells(summary)),
    '',
    cohortLine(summary),
    ...(notes.length === 0 ? [] : ['', ...notes]),
    '',
  ].join('\n');
}

/** The result table for LaTeX; notes become comments. */
export function latexTable(summary: Summary): string {
  const notes = groupedNotes(summary).map(({ about, text }) => `% ${about}: ${text}`);
  return [`% ${cohortLine(summary)}`, ...notes, ...latexLines(headings, allCells(summary)), ''].join('\n');
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

/** Every number of the table at full precision for programs: one column each, empty where undefined or skipped. */
export function csvTable({ rows, skipped }: Summary): string {
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
    'paperTable',
    'paperAccuracyMean',
    'paperAccuracyStd',
    'paperAucMean',
    'paperAucStd',
    'skipped',
  ];
  const values = (row: SummaryRow): (string | number | null)[] => [
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
    row.paper?.table ?? null,
    ...(row.paper?.accuracy ?? [null, null]),
    ...(row.paper?.auc ?? [null, null]),
    null,
  ];
  const empty = header.slice(3).map(() => null);
  const without = skipped.map(({ method, title, reason }) => [method, title, 0, ...empty.slice(1), reason]);
  return [header, ...rows.map(values), ...without].map(csvLine).join('');
}
