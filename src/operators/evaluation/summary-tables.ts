import type { Spread, Summary, SummaryRow } from './summary-data.js';
import { csvLine } from '../../pipeline/core/csv.js';

const digits = (value: number): string => value.toFixed(3);
const spread = ({ mean, std }: Spread, plusMinus: string): string =>
  mean === null || std === null ? '-' : `${digits(mean)} ${plusMinus} ${digits(std)}`;
const printed = (value: SummaryRow['paper']['auc'], plusMinus: string): string => {
  if (value === null) return '-';
  const [mean, std] = value;
  return std === null ? `${digits(mean)} (quoted)` : `${digits(mean)} ${plusMinus} ${digits(std)}`;
};
const pooled = ({ value, ci95 }: SummaryRow['pooledAuc']): string => {
  if (value === null) return '-';
  return ci95 === null ? digits(value) : `${digits(value)} [${digits(ci95[0])}, ${digits(ci95[1])}]`;
};

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

const cells = (row: SummaryRow, plusMinus: string): string[] => [
  row.title,
  String(row.folds),
  spread(row.accuracy, plusMinus),
  spread(row.balancedAccuracy, plusMinus),
  spread(row.auc, plusMinus),
  pooled(row.pooledAuc),
  spread(row.brier, plusMinus),
  spread(row.ece, plusMinus),
  printed(row.paper.accuracy, plusMinus),
  printed(row.paper.auc, plusMinus),
];

/** A row that could not be computed: its title, and nothing else. */
const skippedCells = ({ title }: Summary['skipped'][number]): string[] => [
  title,
  'skipped',
  ...headings.slice(2).map(() => '-'),
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
  const line = (items: readonly string[]): string => `| ${items.join(' | ')} |`;
  const notes = groupedNotes(summary).map(({ about, text }) => `- ${about}: ${text}`);
  return [
    line(headings),
    line(headings.map((_, column) => (column === 0 ? '---' : '---:'))),
    ...summary.rows.map((row) => line(cells(row, '±'))),
    ...summary.skipped.map((row) => line(skippedCells(row))),
    '',
    cohortLine(summary),
    ...(notes.length === 0 ? [] : ['', ...notes]),
    '',
  ].join('\n');
}

/** The result table for LaTeX (booktabs); notes become comments. */
export function latexTable(summary: Summary): string {
  const escape = (text: string): string => text.replace(/[%&_#$]/g, '\\$&');
  const line = (items: readonly string[]): string => `${items.map(escape).join(' & ')} \\\\`;
  const notes = groupedNotes(summary).map(({ about, text }) => `% ${about}: ${text}`);
  return [
    `% ${cohortLine(summary)}`,
    ...notes,
    `\\begin{tabular}{l${'r'.repeat(headings.length - 1)}}`,
    '\\toprule',
    line(headings),
    '\\midrule',
    // The sign is mathematics and must not be escaped.
    ...summary.rows.map((row) => line(cells(row, '±')).replaceAll('±', '$\\pm$')),
    ...summary.skipped.map((row) => line(skippedCells(row))),
    '\\bottomrule',
    '\\end{tabular}',
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
    row.paper.table,
    ...(row.paper.accuracy ?? [null, null]),
    ...(row.paper.auc ?? [null, null]),
    null,
  ];
  const empty = header.slice(3).map(() => null);
  const without = skipped.map(({ method, title, reason }) => [method, title, 0, ...empty.slice(1), reason]);
  return [header, ...rows.map(values), ...without].map(csvLine).join('');
}
