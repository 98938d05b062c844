import { csvText, type CsvCell } from '../../pipeline/core/csv.js';
import type { FoldCalibration } from '../calibration/calibration-data.js';
import type { Prediction } from '../stage3/prediction-data.js';
import { calibratedProbability } from './calibrated-metrics.js';
import { mapsText, type CalibratedRow } from './calibrated-row-data.js';
import type { Spread } from './spread-data.js';
import type { SummaryRow } from './summary-data.js';

/** calibrated.csv of a fold and method: probabilities before and after calibration, at full precision. */
export const calibratedCsv = (
  calibration: Pick<FoldCalibration, 'map'>,
  predictions: readonly Prediction[],
): string =>
  csvText(
    ['patient', 'split', 'y', 'p', 'pCalibrated'],
    predictions.map((prediction) => {
      const { patient, split, y, p } = prediction;
      return [patient, split, y, p, calibratedProbability(calibration, prediction)];
    }),
  );

const classes = ['accuracy', 'balancedAccuracy', 'sensitivity', 'specificity'] as const;

/**
 * The metrics of a calibrated row, each with its name in summary.csv and its mean and standard deviation over the
 * folds.
 */
const spreadsOf = (row: CalibratedRow | null): readonly (readonly [string, Spread | null])[] => [
  ...classes.map((name) => [`calibrated${capital(name)}`, row?.[name] ?? null] as const),
  ['calibratedBrier', row?.brier ?? null],
  ['calibratedEce', row?.ece ?? null],
  ['threshold', row?.threshold ?? null],
  ...classes.map((name) => [`threshold${capital(name)}`, row?.atThreshold[name] ?? null] as const),
];

const capital = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** The columns of summary.csv about calibration. They are the last columns of the file. */
export const calibratedColumns: readonly string[] = [
  'calibration',
  ...spreadsOf(null).flatMap(([name]) => [`${name}Mean`, `${name}Std`, `${name}Folds`]),
  ...['calibratedPooledAuc', 'calibratedPooledAucLow95', 'calibratedPooledAucHigh95', 'calibratedPooledEce'],
];

/** The cells that a row of summary.csv has in the columns `calibratedColumns`, in their order. */
export const calibratedCells = ({ calibrated: row }: Pick<SummaryRow, 'calibrated'>): CsvCell[] => [
  row === null ? null : mapsText(row),
  ...spreadsOf(row).flatMap(([, spread]) => [
    ...[spread?.mean ?? null, spread?.std ?? null, spread?.folds ?? null],
  ]),
  ...[row?.pooledAuc.value ?? null, row?.pooledAuc.ci95?.[0] ?? null, row?.pooledAuc.ci95?.[1] ?? null],
  row?.reliability.ece ?? null,
];
