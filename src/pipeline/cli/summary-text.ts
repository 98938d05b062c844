import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { grouped } from '../core/grouped.js';
import { counted, listed } from '../core/wording.js';
import { inventedText } from '../runs/invented.js';
import { runSummarySchema } from '../runs/materialise.js';
import type { RunDirectory } from '../runs/run-directory.js';
import { mapsText } from '../../operators/evaluation/calibrated-row-data.js';
import { recommendedLines } from '../../operators/evaluation/recommended-data.js';
import { survivalCohortLine } from '../../operators/evaluation/survival-summary-data.js';
import { textTable } from './text-table.js';

type RunSummary = z.infer<typeof runSummarySchema>;

/** The summary of a run. Null if the run has none yet, or if another version wrote it. */
export function summaryOf(directory: RunDirectory): RunSummary | null {
  const path = join(directory.path, 'summary.json');
  if (!existsSync(path)) return null;
  const summary = runSummarySchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  return summary.success ? summary.data : null;
}

const number = (value: number | null): string => (value === null ? '-' : value.toFixed(3));
const spread = (mean: number | null, std: number | null): string => `${number(mean)} ± ${number(std)}`;
const printed = ([mean, std]: readonly [number, number | null]): string =>
  std === null ? `${number(mean)} (quoted)` : spread(mean, std);

/** The result table for a terminal; summary.md has more columns and the notes. */
export function summaryText(summary: RunSummary): string {
  const { rows, skipped, comparisons, cohort, outcome, paper, invented } = summary;
  if (summary.survival !== undefined) return survivalText(summary);
  const withPaper = (cell: string): string[] => (paper === null ? [] : [cell]);
  const lines = rows.map(({ title, accuracy, auc, pooledAuc, paper: reported }) => [
    title,
    spread(accuracy.mean, accuracy.std),
    spread(auc.mean, auc.std),
    pooledAuc.ci95 === null
      ? `${number(pooledAuc.value)} [not defined]`
      : `${number(pooledAuc.value)} [${pooledAuc.ci95.map(number).join(', ')}]`,
    ...withPaper(reported?.auc ? printed(reported.auc) : '-'),
  ]);
  const titles = new Map(rows.map(({ method, title }) => [method, title]));
  return [
    textTable(
      ['test patients', 'accuracy', 'AUC', 'pooled AUC [95 % CI]', ...withPaper('AUC in the paper')],
      [...lines, ...skipped.map(({ title }) => [title, 'skipped', '-', '-', ...withPaper('-')])],
    ),
    ...skipped.map(({ title, reason }) => `${title} skipped: ${reason}`),
    ...undefinedLines(rows),
    ...calibratedLines(summary),
    '',
    `${cohort.patients} ${invented ? 'invented patients' : 'patients'}, ${cohort.positive} ${outcome.positive}; accuracy of always answering the more frequent class of those tested: ${number(cohort.majority)}`,
    ...(invented ? [inventedText] : []),
    ...(paper === null ? [] : [`paper: ${paper}`]),
    ...recommendation(summary),
    ...comparisonLines(comparisons, titles),
  ].join('\n');
}

/**
 * The second table of a summary: measures on test patients before and after calibration. The calibration was fitted on
 * validation patients.
 */
function calibratedLines({ rows }: RunSummary): readonly string[] {
  const lines = rows.flatMap((row) =>
    row.calibrated === null
      ? []
      : [
          [
            row.title,
            mapsText(row.calibrated),
            ...[row.accuracy, row.calibrated.accuracy].map(({ mean }) => number(mean)),
            ...[row.brier, row.calibrated.brier].map(({ mean }) => number(mean)),
            ...[row.ece, row.calibrated.ece].map(({ mean }) => number(mean)),
            ...[row.pooledAuc, row.calibrated.pooledAuc].map(({ value }) => number(value)),
          ],
        ],
  );
  if (lines.length === 0) return [];
  return [
    '',
    textTable(
      [
        ...['calibrated on validation patients', 'map', 'accuracy', 'after', 'Brier', 'after'],
        ...['ECE', 'after', 'pooled AUC', 'after'],
      ],
      lines,
    ),
  ];
}

/** The result table of a time-to-event experiment: C in place of AUC. */
function survivalText(summary: RunSummary): string {
  const { rows, skipped, invented } = summary;
  const lines = rows.map(({ title, survival }) => [
    title,
    ...(survival === undefined
      ? ['-', '-', '-', '-']
      : [
          spread(survival.c.mean, survival.c.std),
          spread(survival.unoC.mean, survival.unoC.std),
          spread(survival.ibs.mean, survival.ibs.std),
          number(survival.ibsKaplanMeier.mean),
        ]),
  ]);
  const titles = new Map(rows.map(({ method, title }) => [method, title]));
  const compared = (summary.survival?.comparisons ?? []).flatMap(
    ({ method, other, difference, ci95, adjusted, reason }) => {
      const who = `${titles.get(method)} against ${titles.get(other)}`;
      const why = reason === null ? '' : `: ${reason}`;
      if (difference === null) return [`${who}: C not compared${why}`];
      const ci = ci95 === null ? '' : ` [${ci95.map(number).join(', ')}]`;
      const p = adjusted === null ? '' : `, adjusted p ${adjusted.toFixed(4)}`;
      return [
        `${who}: C ${difference < 0 ? '' : '+'}${number(difference)}${ci}${p}${reason === null ? '' : `, no p${why}`}`,
      ];
    },
  );
  return [
    textTable(
      ['test patients', "Harrell's C", "Uno's C", 'IBS', 'IBS of Kaplan-Meier'],
      [...lines, ...skipped.map(({ title }) => [title, 'skipped', '-', '-', '-'])],
    ),
    ...skipped.map(({ title, reason }) => `${title} skipped: ${reason}`),
    ...noteLines(summary),
    '',
    survivalCohortLine(summary),
    ...(invented ? [inventedText] : []),
    ...recommendation(summary),
    ...(compared.length === 0 ? [] : ['', ...compared]),
  ].join('\n');
}

/** Number of notes that are shown. summary.md has all. */
const mostNotes = 6;

/** Notes that a reader needs to judge the rows: for example, a C of 1.000 may come from two patients. */
function noteLines({ rows }: RunSummary): readonly string[] {
  const titled = rows.flatMap(({ title, notes }) => notes.map((text) => [text, title] as const));
  const notes = [...grouped(titled)];
  const more = notes.length - mostNotes;
  return [
    ...notes.slice(0, mostNotes).map(([text, titles]) => `${titles.join(', ')}: ${text}`),
    ...(more > 0 ? [`and ${counted(more, 'more note')} in summary.md`] : []),
  ];
}

/** Which method has the best result on the validation patients, and its result on the test patients. */
const recommendation = ({ recommended }: RunSummary): readonly string[] =>
  recommended === null ? [] : ['', ...recommendedLines(recommended)];

/** Why pooled AUCs or their intervals are undefined: each reason once, with its rows. */
function undefinedLines(rows: RunSummary['rows']): readonly string[] {
  const reasons = grouped(
    rows.flatMap(({ title, pooledAuc: { reason } }) =>
      reason === undefined ? [] : [[reason, title] as const],
    ),
  );
  return [...reasons].map(([reason, titles]) => `pooled AUC of ${listed(titles)}: ${reason}`);
}

/** One line for each comparison of AUCs. comparisons.md also has the accuracies. */
function comparisonLines(
  comparisons: RunSummary['comparisons'],
  titles: ReadonlyMap<string, string>,
): readonly string[] {
  const lines = comparisons.map(({ method, other, auc, aucReason }) => {
    const who = `${titles.get(method)} against ${titles.get(other)}`;
    if (auc === null) return `${who}: AUC not compared. ${aucReason ?? ''}`.trimEnd();
    const ci = auc.ci95 === null ? '' : ` [${auc.ci95.map(number).join(', ')}]`;
    const difference = `${auc.difference < 0 ? '' : '+'}${number(auc.difference)}${ci}`;
    const tested = auc.adjusted === null ? 'no p' : `adjusted p ${auc.adjusted.toFixed(4)}`;
    return `${who}: AUC ${difference}, ${tested}${auc.reason === undefined ? '' : `. ${auc.reason}`}`;
  });
  return lines.length === 0 ? [] : ['', ...lines];
}
