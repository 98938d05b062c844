import type { Spread, Summary, SummaryRow } from './summary-data.js';
import { csvLine } from '../../pipeline/core/csv.js';

const digits = (value: number): string => value.toFixed(3);
const spread = ({ mean, std }: Spread, plusMinus: string): string =>
  mean === null || std === null ? '-' : `${digits(mean)} ${plusMinus} ${digits(std)}`;
const printed = (value: readonly [number, number] | null, plusMinus: string): string =>
  value === null ? '-' : `${digits(value[0])} ${plusMinus} ${digits(value[1])}`;
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
  printed(row.paper.accuracy, plusMinus),
  printed(row.paper.auc, plusMinus),
];

const cohortLine = ({ cohort }: Summary): string =>
  `${cohort.patients} patients, ${cohort.deceased} deceased; always answering the more frequent class: accuracy ${digits(cohort.majority)}.`;

/** Each note once, with the titles of the rows it holds for. */
export function groupedNotes({
  rows,
}: Summary): readonly { readonly about: string; readonly text: string }[] {
  const titles = new Map<string, string[]>();
  for (const { title, notes } of rows)
    for (const note of notes) titles.set(note, [...(titles.get(note) ?? []), title]);
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
  'observedAuc',
] as const satisfies readonly (keyof SummaryRow)[];

/** Every number of the table at full precision for programs: one column each, empty where undefined. */
export function csvTable({ rows }: Summary): string {
  const header = [
    'method',
    'title',
    'folds',
    ...spreads.flatMap((name) => [`${name}Mean`, `${name}Std`, `${name}Folds`]),
    'pooledAuc',
    'pooledAucLow95',
    'pooledAucHigh95',
    'paperTable',
    'paperAccuracyMean',
    'paperAccuracyStd',
    'paperAucMean',
    'paperAucStd',
  ];
  const values = (row: SummaryRow): (string | number | null)[] => [
    row.method,
    row.title,
    row.folds,
    ...spreads.flatMap((name) => [row[name].mean, row[name].std, row[name].folds]),
    row.pooledAuc.value,
    row.pooledAuc.ci95?.[0] ?? null,
    row.pooledAuc.ci95?.[1] ?? null,
    row.paper.table,
    ...(row.paper.accuracy ?? [null, null]),
    ...(row.paper.auc ?? [null, null]),
  ];
  return [header, ...rows.map(values)].map(csvLine).join('');
}
