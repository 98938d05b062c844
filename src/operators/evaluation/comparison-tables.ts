import type { Config } from '../../pipeline/config/schema.js';
import { csvText } from '../../pipeline/core/csv.js';
import { counted } from '../../pipeline/core/wording.js';
import { ranksFoldsApart } from './method-comparisons.js';
import { testsAgain } from './pooled.js';
import type { Comparison, Summary } from './summary-data.js';
import { footnotes, type Footnotes } from './footnotes.js';
import { digits, intervalText, latexLines, markdownLines } from './text-tables.js';

/** A table of comparisons between methods. `caption` names the statistical test. */
interface ComparisonTable {
  readonly caption: string;
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Footnotes of the table: the reasons why numbers in it are undefined. */
  readonly notes: readonly string[];
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

const pText = (p: number | null, mark: string): string =>
  p === null ? `-${mark}` : p < 0.00001 ? '< 0.00001' : p.toFixed(5);

/** A table of accuracies and one of AUCs. A difference is that of the reference method minus the other method. */
function tablesOf(
  { comparisons, rows }: Summary,
  config: Pick<Config, 'stats' | 'cv'>,
): readonly ComparisonTable[] {
  const { reference, mcnemar, bootstrap } = config.stats;
  const titleOf = (id: string): string => rows.find(({ method }) => method === id)?.title ?? id;
  const first = titleOf(reference);
  const [{ patients } = { patients: 0 }] = comparisons;
  const intervals = bootstrap === 0 ? '' : ` Bootstrap intervals: ${bootstrap} resamples of patients.`;
  const holm = (tests: number): string => `p adjusted by Holm over ${counted(tests, 'test')}.${intervals}`;
  const [accuracies, aucs] = [footnotes(), footnotes()];
  const accuracyRows = comparisons.map(({ other, accuracy, onlyFirst, onlySecond }) => {
    const mark = accuracies.mark(accuracy.reason);
    return [
      titleOf(other),
      `${digits(accuracy.difference)}${intervalText(accuracy.ci95)}`,
      String(onlyFirst),
      String(onlySecond),
      pText(accuracy.p, mark),
      pText(accuracy.adjusted, mark),
    ];
  });
  const aucRows = comparisons.map((one) => [titleOf(one.other), ...aucCells(one, aucs)]);
  const difference = bootstrap === 0 ? 'Difference' : 'Difference [95 % CI]';
  return [
    {
      caption: `Accuracy of ${first} minus that of others, ${patients} patients: ${mcnemarName[mcnemar]}, ${holm(comparisons.filter(({ accuracy }) => accuracy.p !== null).length)}`,
      headings: [
        `${first} against`,
        difference,
        `Only ${first} right`,
        'Only the other right',
        'p',
        'Adjusted p',
      ],
      rows: accuracyRows,
      notes: accuracies.lines(),
    },
    {
      caption: `AUC of ${first} minus that of others, ${patients} patients: ${delongName(config)}, ${holm(comparisons.filter(({ auc }) => auc !== null && auc.p !== null).length)}`,
      headings: [`${first} against`, difference, 'z', 'p', 'Adjusted p'],
      rows: aucRows,
      notes: aucs.lines(),
    },
  ];
}

function aucCells({ auc, aucReason }: Comparison, notes: Footnotes): string[] {
  const mark = notes.mark(auc === null ? aucReason : auc.reason);
  if (auc === null) return Array.from({ length: 4 }, () => `-${mark}`);
  return [
    // If p is known and `auc.reason` is given, the reason says that the test uses only some folds. The footnote mark
    // of this reason follows the difference.
    `${digits(auc.difference)}${intervalText(auc.ci95)}${auc.p === null ? '' : mark}`,
    auc.z === null ? `-${mark}` : digits(auc.z),
    pText(auc.p, mark),
    pText(auc.adjusted, mark),
  ];
}

export const comparisonsMarkdown = (summary: Summary, config: Pick<Config, 'stats' | 'cv'>): string =>
  tablesOf(summary, config)
    .flatMap(({ caption, headings, rows, notes }) => [
      caption,
      '',
      ...markdownLines(headings, rows, notes),
      '',
    ])
    .join('\n');

/** The tables for LaTeX. Captions are LaTeX comments, because a `tabular` outside of a `table` has no caption. */
export const comparisonsLatex = (summary: Summary, config: Pick<Config, 'stats' | 'cv'>): string =>
  tablesOf(summary, config)
    .flatMap(({ caption, headings, rows, notes }) => [
      `% ${caption}`,
      ...latexLines(headings, rows, notes),
      '',
    ])
    .join('\n');

/**
 * The comparisons as CSV, at full precision, one line per comparison. The cell of an undefined number is empty, and the
 * last columns give the reason.
 */
export const comparisonsCsv = ({ comparisons }: Summary): string =>
  csvText(
    [
      ...['method', 'other', 'patients', 'onlyFirst', 'onlySecond'],
      ...['accuracyDifference', 'accuracyLow95', 'accuracyHigh95', 'accuracyP', 'accuracyAdjustedP'],
      ...['aucDifference', 'aucLow95', 'aucHigh95', 'aucZ', 'aucP', 'aucAdjustedP'],
      ...['accuracyReason', 'aucReason'],
    ],
    comparisons.map(({ method, other, patients, onlyFirst, onlySecond, accuracy, auc, aucReason }) => [
      ...[method, other, patients, onlyFirst, onlySecond],
      ...[accuracy.difference, accuracy.ci95?.[0], accuracy.ci95?.[1], accuracy.p, accuracy.adjusted],
      ...[auc?.difference, auc?.ci95?.[0], auc?.ci95?.[1], auc?.z, auc?.p, auc?.adjusted],
      ...[accuracy.reason, aucReason ?? auc?.reason],
    ]),
  );
