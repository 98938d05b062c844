import type { Config } from '../../pipeline/config/schema.js';
import { csvText } from '../../pipeline/core/csv.js';
import { ranksFoldsApart } from './method-comparisons.js';
import { testsAgain } from './pooled.js';
import type { Comparison, Summary } from './summary-data.js';
import { digits, intervalText, latexLines, markdownLines } from './text-tables.js';

/** What was tested, how, and the table of it. */
interface ComparisonTable {
  readonly caption: string;
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const mcnemarName = {
  exact: 'exact McNemar test',
  continuity: 'McNemar test (chi-square, continuity correction)',
  uncorrected: 'McNemar test (chi-square)',
} as const satisfies Record<Config['stats']['mcnemar'], string>;

const delongName = (config: Pick<Config, 'stats' | 'cv'>): string => {
  if (ranksFoldsApart(config)) return "DeLong's test in each fold, differences averaged";
  const scores = testsAgain(config.cv)
    ? 'mean probability of each test patient'
    : 'test predictions of all folds together';
  return `DeLong's test on the ${scores}`;
};

const pText = (p: number): string => (p < 0.00001 ? '< 0.00001' : p.toFixed(5));

/** The comparisons of accuracies and of AUCs: reference minus the other method. */
function tablesOf(
  { comparisons, rows }: Summary,
  config: Pick<Config, 'stats' | 'cv'>,
): readonly ComparisonTable[] {
  const { reference, mcnemar, bootstrap } = config.stats;
  const titleOf = (id: string): string => rows.find(({ method }) => method === id)?.title ?? id;
  const first = titleOf(reference);
  const [{ patients } = { patients: 0 }] = comparisons;
  const intervals = bootstrap === 0 ? '' : ` Bootstrap intervals: ${bootstrap} resamples of patients.`;
  const holm = `p adjusted by Holm over ${comparisons.length} tests.${intervals}`;
  const difference = bootstrap === 0 ? 'Difference' : 'Difference [95 % CI]';
  return [
    {
      caption: `Accuracy of ${first} minus that of others, ${patients} patients: ${mcnemarName[mcnemar]}, ${holm}`,
      headings: [
        `${first} against`,
        difference,
        `Only ${first} right`,
        'Only the other right',
        'p',
        'Adjusted p',
      ],
      rows: comparisons.map(({ other, accuracy, onlyFirst, onlySecond }) => [
        titleOf(other),
        `${digits(accuracy.difference)}${intervalText(accuracy.ci95)}`,
        String(onlyFirst),
        String(onlySecond),
        pText(accuracy.p),
        pText(accuracy.adjusted),
      ]),
    },
    {
      caption: `AUC of ${first} minus that of others, ${patients} patients: ${delongName(config)}, ${holm}`,
      headings: [`${first} against`, difference, 'z', 'p', 'Adjusted p'],
      rows: comparisons.map(({ other, auc }) => [titleOf(other), ...aucCells(auc)]),
    },
  ];
}

const aucCells = (auc: Comparison['auc']): string[] =>
  auc === null
    ? ['-', '-', '-', '-']
    : [
        `${digits(auc.difference)}${intervalText(auc.ci95)}`,
        auc.z === null ? '-' : digits(auc.z),
        pText(auc.p),
        pText(auc.adjusted),
      ];

export const comparisonsMarkdown = (summary: Summary, config: Pick<Config, 'stats' | 'cv'>): string =>
  tablesOf(summary, config)
    .flatMap(({ caption, headings, rows }) => [caption, '', ...markdownLines(headings, rows), ''])
    .join('\n');

/** Captions become comments. */
export const comparisonsLatex = (summary: Summary, config: Pick<Config, 'stats' | 'cv'>): string =>
  tablesOf(summary, config)
    .flatMap(({ caption, headings, rows }) => [`% ${caption}`, ...latexLines(headings, rows), ''])
    .join('\n');

/** Every number at full precision, one line for each comparison; empty where undefined. */
export const comparisonsCsv = ({ comparisons }: Summary): string =>
  csvText(
    [
      ...['method', 'other', 'patients', 'onlyFirst', 'onlySecond'],
      ...['accuracyDifference', 'accuracyLow95', 'accuracyHigh95', 'accuracyP', 'accuracyAdjustedP'],
      ...['aucDifference', 'aucLow95', 'aucHigh95', 'aucZ', 'aucP', 'aucAdjustedP'],
    ],
    comparisons.map(({ method, other, patients, onlyFirst, onlySecond, accuracy, auc }) => [
      ...[method, other, patients, onlyFirst, onlySecond],
      ...[accuracy.difference, accuracy.ci95?.[0], accuracy.ci95?.[1], accuracy.p, accuracy.adjusted],
      ...[auc?.difference, auc?.ci95?.[0], auc?.ci95?.[1], auc?.z, auc?.p, auc?.adjusted],
    ]),
  );
