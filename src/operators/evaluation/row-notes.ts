import type { Config } from '../../pipeline/config/schema.js';
import { grouped } from '../../pipeline/core/grouped.js';
import { listed } from '../../pipeline/core/wording.js';
import type { Evaluation } from './metric-data.js';
import { majorityShare } from './metrics.js';
import type { PooledScores } from './pooled.js';
import type { Spread, SummaryRow } from './summary-data.js';

/** Notes that a reader needs to interpret the numbers of a table row. Empty if there are none. */
export function rowNotes(
  row: Omit<SummaryRow, 'notes'>,
  { evaluations, pooled }: { readonly evaluations: readonly Evaluation[]; readonly pooled: PooledScores },
  cohortSize: number,
  cv: Config['cv'],
): string[] {
  return [
    ...missingFolds(row.folds, cv.folds * cv.repeats),
    ...undefinedFolds(evaluations),
    ...oneFold(row.auc),
    ...(row.pooledAuc.reason === undefined ? [] : [pooledNote(row.pooledAuc)]),
    ...baseRatePatients(evaluations, row.observedAuc),
    ...coverage(pooled, cohortSize, cv),
    ...belowMajority(row.accuracy.mean, pooled),
    ...calibrationNotes(evaluations),
  ];
}

const missingFolds = (done: number, planned: number): string[] =>
  done === planned ? [] : [`Only ${done} of ${planned} folds are in this row.`];

function undefinedFolds(evaluations: readonly Evaluation[]): string[] {
  const folds = evaluations.filter(({ test }) => test.auc === null).map(({ fold }) => fold);
  return folds.length === 0
    ? []
    : [
        `AUC is undefined in ${folds.length === 1 ? 'fold' : 'folds'} ${folds.join(', ')} (test patients of one class only) and left out of the mean.`,
      ];
}

const oneFold = ({ folds }: Spread): string[] =>
  folds === 1 ? ['The AUC is of a single fold: its deviation of 0 says nothing about how it varies.'] : [];

const pooledNote = ({ value, reason = '' }: SummaryRow['pooledAuc']): string =>
  `The pooled AUC ${value === null ? 'is not defined' : 'has no interval'}. ${reason}`;

function baseRatePatients(evaluations: readonly Evaluation[], { mean, std }: Spread): string[] {
  const tested = evaluations.reduce((sum, { test }) => sum + test.patients, 0);
  const seen = evaluations.reduce((sum, { testObserved }) => sum + testObserved.patients, 0);
  return seen === tested
    ? []
    : [
        `${tested - seen} of ${tested} test predictions are the training base rate, because the patient has none of the method's modalities` +
          (mean === null || std === null
            ? '.'
            : `; AUC over the others ${mean.toFixed(3)} ± ${std.toFixed(3)}.`),
      ];
}

function coverage(pooled: PooledScores, cohortSize: number, cv: Config['cv']): string[] {
  const tested = pooled.patients.length;
  if (cv.mode === 'fixedTest')
    return [
      `Fixed test set: all folds score the same ${tested} patients; the pooled AUC uses each patient's mean probability over folds.`,
    ];
  return [
    ...(tested === cohortSize ? [] : [`${tested} of the ${cohortSize} patients of the cohort were tested.`]),
    ...(cv.repeats === 1
      ? []
      : [
          `${cv.repeats} repeats of the cross-validation; the pooled AUC uses each patient's mean probability over them.`,
        ]),
  ];
}

function belowMajority(accuracy: number | null, { labels }: PooledScores): string[] {
  const majority = majorityShare(labels.length, labels.filter((y) => y === 1).length);
  if (accuracy === null || majority === null || accuracy >= majority) return [];
  return [
    'Accuracy is below that of always answering the more frequent class: training draws both classes equally often, ' +
      'so accuracy at threshold 0.5 mostly reflects calibration.',
  ];
}

/** Notes about the calibrations of the folds. A note that several folds share appears once and names these folds. */
function calibrationNotes(evaluations: readonly Evaluation[]): string[] {
  const notes = evaluations.flatMap(({ fold, calibrated }) =>
    calibrated.notes.map((text) => [text, String(fold)] as const),
  );
  return [...grouped(notes)].map(([text, folds]) =>
    folds.length === evaluations.length
      ? `All folds: ${text}`
      : `${folds.length === 1 ? 'Fold' : 'Folds'} ${listed(folds)}: ${text}`,
  );
}
