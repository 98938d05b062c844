import type { Config } from '../../pipeline/config/schema.js';
import { counted } from '../../pipeline/core/wording.js';
import { addPairs, concordanceOf } from '../survival/concordance.js';
import { repeatOf } from './pooled.js';
import { robustnessCurves } from './summary-row.js';
import type { SurvivalMetrics } from './survival-metric-data.js';
import type { SurvivalResults } from './survival-results.js';
import { spreadOf } from './spread-of.js';
import type { SummaryRow } from './summary-data.js';
import type { SurvivalRow } from './survival-summary-data.js';

const none = spreadOf([]);
/** The fields of a row that a time-to-event outcome leaves empty, most of them because they are about classes. */
const withoutClasses = {
  ...{ accuracy: none, balancedAccuracy: none, sensitivity: none, specificity: none },
  ...{ auc: none, brier: none, ece: none, observedAuc: none },
  pooledAuc: { value: null, ci95: null },
  calibration: { ece: null, bins: [] },
  calibrated: null,
  ...{ paper: null, repeats: null },
};

/** The row of a method for time-to-event: mean and population standard deviation of each measure (method.md 11.5). */
export function survivalRowOf(
  results: SurvivalResults,
  cohortSize: number,
  { cv, survival }: Pick<Config, 'cv' | 'survival'>,
): SummaryRow {
  const { method, evaluations, robustness } = results;
  const spread = (of: (test: SurvivalMetrics) => number | null) =>
    spreadOf(evaluations.map(({ test }) => of(test)));
  const atEach = (metric: 'unoAt' | 'auc' | 'brier'): SurvivalRow['auc'] =>
    survival.horizons.map((years, i) => ({ years, ...spread((test) => test[metric][i]?.value ?? null) }));
  const row: SurvivalRow = {
    c: spread(({ c }) => c),
    pooledC: concordanceOf(addPairs(evaluations.map(({ test }) => test.pairs))).value,
    unoC: spread(({ unoC }) => unoC),
    unoAt: atEach('unoAt'),
    auc: atEach('auc'),
    brier: atEach('brier'),
    ibs: spread(({ ibs }) => ibs),
    ibsKaplanMeier: spread(({ ibsKaplanMeier }) => ibsKaplanMeier),
    dCalibration: spread(({ dCalibration }) => dCalibration),
    observedC: spreadOf(evaluations.map(({ testObserved }) => testObserved.c)),
    repeats: cv.repeats === 1 ? null : repeatsOf(results, cv),
    robustness:
      robustness.length === 0
        ? null
        : (robustness[0]?.robustness.drop ?? []).map((_, at) =>
            robustness.map((fold) => fold.robustness.drop[at]?.c ?? null),
          ),
  };
  return {
    ...{ method: method.id, title: method.title, folds: evaluations.length },
    ...withoutClasses,
    robustness: robustnessCurves(robustness),
    survival: row,
    notes: survivalNotes(results, cohortSize, cv),
  };
}

const repeatsOf = ({ evaluations }: SurvivalResults, cv: Config['cv']): (number | null)[] =>
  Array.from(
    { length: cv.repeats },
    (_, repeat) =>
      spreadOf(evaluations.filter(({ fold }) => repeatOf(fold, cv) === repeat).map(({ test }) => test.c))
        .mean,
  );

/**
 * Number of comparable pairs below which a note is made: with fewer, one pair changes the C of a fold by more than 0.1.
 */
const fewPairs = 10;

/** Notes on folds whose C is computed from very few pairs of test patients. */
function fewPairNotes(evaluations: SurvivalResults['evaluations']): string[] {
  return evaluations.flatMap(({ fold, test: { c, pairs } }) => {
    const count = pairs.concordant + pairs.discordant + pairs.tied;
    return c === null || count >= fewPairs
      ? []
      : [
          `The C of fold ${fold} is computed from ${counted(count, 'comparable pair')} of test patients only.`,
        ];
  });
}

/** Notes that a reader needs to interpret the numbers of a row. */
function survivalNotes(
  { evaluations, folds }: SurvivalResults,
  cohortSize: number,
  cv: Config['cv'],
): string[] {
  const planned = cv.folds * cv.repeats;
  const undefinedC = evaluations.filter(({ test }) => test.c === null);
  const unseen = evaluations.reduce(
    (sum, { test, testObserved }) => sum + test.patients - testObserved.patients,
    0,
  );
  const tested = new Set(
    folds.flatMap(({ predictions }) =>
      predictions.patients.filter(({ split }) => split === 'test').map(({ patient }) => patient),
    ),
  ).size;
  const bins = [...new Set(folds.flatMap(({ predictions }) => predictions.notes))];
  return [
    ...(evaluations.length === planned
      ? []
      : [`Only ${evaluations.length} of ${planned} folds are in this row.`]),
    ...undefinedC.map(
      ({ fold, test }) => `Fold ${fold} is left out of the mean C: ${test.reasons[0] ?? ''}.`,
    ),
    ...fewPairNotes(evaluations),
    ...(unseen === 0
      ? []
      : [
          `${unseen} test predictions are the curve of all training patients, because the patient has none of the method's modalities.`,
        ]),
    ...(cv.mode !== 'fixedTest' && tested !== cohortSize
      ? [`${tested} of the ${cohortSize} patients of the cohort were tested.`]
      : []),
    ...bins.map((note) => `${note}.`),
  ];
}
