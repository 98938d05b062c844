import { csvText, type CsvCell } from '../../pipeline/core/csv.js';
import { grouped } from '../../pipeline/core/grouped.js';
import { listed } from '../../pipeline/core/wording.js';
import { survivalOf } from '../survival/survival-model.js';
import { daysPer } from '../../pipeline/config/data-schema.js';
import { recommendedLines } from './recommended-data.js';
import type { Spread, Summary, SummaryRow } from './summary-data.js';
import type { SurvivalResults } from './survival-results.js';
import { survivalCohortLine, type SurvivalRow } from './survival-summary-data.js';
import { digits, intervalText, latexLines, markdownLines, type PrintedTable } from './text-tables.js';

const spread = ({ mean, std }: Spread): string =>
  mean === null || std === null ? '-' : `${digits(mean)} ± ${digits(std)}`;
const orDash = (value: number | null): string => (value === null ? '-' : digits(value));

/** The result table of a time-to-event experiment: mean ± population standard deviation over folds (method.md 11.5). */
export function survivalTable({ rows, skipped, survival }: Summary): PrintedTable {
  const horizons = survival?.horizons ?? [];
  const headings = [
    ...['Method', 'Folds', "Harrell's C", 'C within folds', "Uno's C"],
    ...horizons.map((years) => `AUC ${years} y`),
    ...['IBS', 'IBS of Kaplan-Meier'],
  ];
  const cells = ({ title, folds }: SummaryRow, row: SurvivalRow): string[] => [
    ...[title, String(folds), spread(row.c), orDash(row.pooledC), spread(row.unoC)],
    ...row.auc.map(spread),
    ...[spread(row.ibs), spread(row.ibsKaplanMeier)],
  ];
  return {
    headings,
    rows: [
      ...rows.flatMap((row) => (row.survival === undefined ? [] : [cells(row, row.survival)])),
      ...skipped.map(({ title }) => [title, 'skipped', ...headings.slice(2).map(() => '-')]),
    ],
  };
}

/** Differences in Harrell's C between the reference method and each other method that was compared. */
export function survivalComparisonTable({ rows, survival }: Summary): PrintedTable {
  const titleOf = (id: string): string => rows.find(({ method }) => method === id)?.title ?? id;
  return {
    headings: ['Comparison', 'Difference in C [95 % CI]', 'p', 'Adjusted p'],
    rows: (survival?.comparisons ?? []).map(({ method, other, difference, ci95, p, adjusted }) => [
      `${titleOf(method)} against ${titleOf(other)}`,
      difference === null ? '-' : `${digits(difference)}${intervalText(ci95)}`,
      p === null ? '-' : p.toFixed(4),
      adjusted === null ? '-' : adjusted.toFixed(4),
    ]),
  };
}

/** Why comparisons have no difference, or no interval and p: each reason once, with its methods. */
export function comparisonReasons({ rows, survival }: Summary): readonly string[] {
  const titleOf = (id: string): string => rows.find(({ method }) => method === id)?.title ?? id;
  const reasons = grouped(
    (survival?.comparisons ?? []).flatMap(({ other, reason }) =>
      reason === null ? [] : [[reason, titleOf(other)] as const],
    ),
  );
  return [...reasons].map(([reason, others]) => `Not tested against ${listed(others)}: ${reason}.`);
}

export const survivalMarkdown = (summary: Summary, notes: readonly string[]): string => {
  const [results, comparisons] = [survivalTable(summary), survivalComparisonTable(summary)];
  return [
    ...markdownLines(results.headings, results.rows),
    '',
    survivalCohortLine(summary),
    ...(summary.recommended === null ? [] : ['', recommendedLines(summary.recommended).join(' ')]),
    ...(comparisons.rows.length === 0 ? [] : ['', ...markdownLines(comparisons.headings, comparisons.rows)]),
    ...comparisonReasons(summary).flatMap((reason) => ['', reason]),
    ...(notes.length === 0 ? [] : ['', ...notes.map((note) => `- ${note}`)]),
    '',
  ].join('\n');
};

export const survivalLatex = (summary: Summary, notes: readonly string[]): string => {
  const { headings, rows } = survivalTable(summary);
  return [
    `% ${survivalCohortLine(summary)}`,
    ...notes.map((note) => `% ${note}`),
    ...latexLines(headings, rows),
    '',
  ].join('\n');
};

/** summary.csv: every number of the result table at full precision. Undefined and skipped numbers are empty cells. */
export function survivalCsv({ rows, skipped, survival }: Summary): string {
  const horizons = survival?.horizons ?? [];
  const three = (name: string): string[] => [`${name}Mean`, `${name}Std`, `${name}Folds`];
  const values = ({ mean, std, folds }: Spread): CsvCell[] => [mean, std, folds];
  const header = [
    ...['method', 'title', 'folds', ...three('c'), 'pooledC', ...three('unoC')],
    ...horizons.flatMap((years) => three(`unoC${years}y`)),
    ...horizons.flatMap((years) => three(`auc${years}y`)),
    ...horizons.flatMap((years) => three(`brier${years}y`)),
    ...[...three('ibs'), ...three('ibsKaplanMeier'), ...three('dCalibrationP'), ...three('observedC')],
    'skipped',
  ];
  const cells = (row: SummaryRow, own: SurvivalRow): CsvCell[] => [
    ...[row.method, row.title, row.folds, ...values(own.c), own.pooledC, ...values(own.unoC)],
    ...[...own.unoAt, ...own.auc, ...own.brier].flatMap(values),
    ...[own.ibs, own.ibsKaplanMeier, own.dCalibration, own.observedC].flatMap(values),
    null,
  ];
  const empty = header.slice(4).map(() => null);
  return csvText(header, [
    ...rows.flatMap((row) => (row.survival === undefined ? [] : [cells(row, row.survival)])),
    ...skipped.map(({ method, title, reason }) => [method, title, 0, ...empty, reason]),
  ]);
}

/**
 * robustness.csv: C of every fold with hidden modalities, in the same format as for a binary outcome (method.md 9.2).
 */
export const survivalRobustnessCsv = (results: readonly SurvivalResults[]): string =>
  csvText(
    ['method', 'hidden', 'rho', 'modality', 'fold', 'c'],
    results.flatMap(({ method, robustness: folds }) =>
      folds.flatMap(({ fold, robustness: { drop, withoutOne, onlyOne } }): CsvCell[][] => [
        ...drop.map(({ rho, c }) => [method.id, 'drop', rho, null, fold, c ?? null]),
        ...Object.entries({ withoutOne, onlyOne }).flatMap(([hidden, list]) =>
          list.map(({ modality, c }) => [method.id, hidden, null, modality, fold, c ?? null]),
        ),
      ]),
    ),
  );

/** predictions.csv of a run: every test prediction of every method, with S(t) at the horizons. */
export function allPredictionsCsv(
  results: readonly SurvivalResults[],
  horizons: readonly number[],
  modalitiesOf: (patient: string) => readonly string[],
): string {
  const days = horizons.map((years) => years * daysPer.years);
  return csvText(
    [
      ...['method', 'fold', 'patient', 'time_days', 'event', 'risk'],
      ...horizons.map((years) => `survival_${years}y`),
      ...['observed', 'modalities'],
    ],
    results.flatMap(({ method, folds }) =>
      folds.flatMap(({ fold, predictions: { model, patients } }) =>
        patients
          .filter(({ split }) => split === 'test')
          .map(({ patient, time, event, risk, outputs, observed }): CsvCell[] => [
            ...[method.id, fold, patient, time, event, risk],
            ...survivalOf(model, outputs, days),
            ...[observed ? 'yes' : 'no', modalitiesOf(patient).join(' ')],
          ]),
      ),
    ),
  );
}
