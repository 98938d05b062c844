import { mapsText, type CalibratedRow } from './calibrated-row-data.js';
import type { PooledAuc, Spread } from './spread-data.js';
import type { Summary, SummaryRow } from './summary-data.js';
import { digits, intervalText, type PrintedTable } from './text-tables.js';

/** A row of the result table of a binary outcome, with results after calibration. */
export type RowWithCalibration = SummaryRow & { readonly calibrated: CalibratedRow };

/** The rows of a summary that have results after calibration. With time-to-event, no row has them. */
export const calibratedRows = ({ rows }: Pick<Summary, 'rows'>): readonly RowWithCalibration[] =>
  rows.filter((row): row is RowWithCalibration => row.calibrated !== null);

export const calibratedTitle = 'Calibrated on validation patients: test patients before and after';

const spread = ({ mean, std }: Spread): string =>
  mean === null || std === null ? '-' : `${digits(mean)} ± ${digits(std)}`;
const pooled = ({ value, ci95 }: PooledAuc): string =>
  value === null ? '-' : `${digits(value)}${intervalText(ci95)}`;

/** Test metrics before and after calibration, at threshold 0.5 (method.md 9.6). */
export const calibratedTable = (summary: Pick<Summary, 'rows'>): PrintedTable => ({
  headings: [
    ...['Method', 'Calibration', 'Accuracy before', 'Accuracy after'],
    ...['Balanced accuracy before', 'Balanced accuracy after', 'Brier before', 'Brier after'],
    ...['ECE before', 'ECE after', 'Pooled AUC before', 'Pooled AUC after [95 % CI]'],
  ],
  rows: calibratedRows(summary).map((row) => [
    ...[row.title, mapsText(row.calibrated)],
    ...[row.accuracy, row.calibrated.accuracy].map(spread),
    ...[row.balancedAccuracy, row.calibrated.balancedAccuracy].map(spread),
    ...[row.brier, row.calibrated.brier, row.ece, row.calibrated.ece].map(spread),
    ...[row.pooledAuc.value === null ? '-' : digits(row.pooledAuc.value), pooled(row.calibrated.pooledAuc)],
  ]),
});

/**
 * Test metrics of the calibrated probabilities, at threshold 0.5 and at the threshold that was chosen on the validation
 * patients (method.md 9.6).
 */
export const thresholdTable = (summary: Pick<Summary, 'rows'>): PrintedTable => ({
  headings: [
    ...['Method', 'Threshold', 'Accuracy', 'Balanced accuracy', 'Sensitivity', 'Specificity'],
    ...['Sensitivity at 0.5', 'Specificity at 0.5'],
  ],
  rows: calibratedRows(summary).map(({ title, calibrated: { atThreshold, threshold, ...at } }) => [
    title,
    ...[threshold, atThreshold.accuracy, atThreshold.balancedAccuracy].map(spread),
    ...[atThreshold.sensitivity, atThreshold.specificity, at.sensitivity, at.specificity].map(spread),
  ]),
});

export const thresholdTitle = 'Calibrated probabilities at the threshold chosen on validation patients';
