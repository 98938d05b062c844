import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { predictionsSchema, type Prediction } from '../../operators/stage3/prediction-data.js';
import type { SurvivalPredictions } from '../../operators/survival/survival-prediction-data.js';
import { csvLine, csvText, writtenText } from '../core/csv.js';
import { HafError } from '../core/errors.js';
import type { RunDirectory } from './run-directory.js';

const columns = ['patient', 'split', 'y', 'logit', 'p', 'observed'] as const satisfies (keyof Prediction)[];

/** predictions.csv of a fold and method, with numbers at full precision. */
export const predictionsCsv = (predictions: readonly Prediction[]): string =>
  csvText(
    columns,
    predictions.map((prediction) => columns.map((column) => prediction[column])),
  );

const survivalColumns = ['patient', 'split', 'time_days', 'event', 'risk', 'observed'];

/**
 * predictions.csv of a fold and method with a time-to-event outcome. The survival curves are in predictions.csv at the
 * top of the run directory.
 */
export const survivalPredictionsCsv = ({ patients }: SurvivalPredictions): string =>
  csvText(
    survivalColumns,
    patients.map(({ patient, split, time, event, risk, observed }) => [
      ...[patient, split, time, event, risk, observed],
    ]),
  );

const fileOf = (fold: string, method: string): string => join('folds', fold, method, 'predictions.csv');

const foldsOf = ({ path }: RunDirectory): readonly string[] => {
  const folder = join(path, 'folds');
  return existsSync(folder) ? readdirSync(folder).filter((name) => /^\d+$/.test(name)) : [];
};

/** The methods for which a run directory has predictions, in alphabetical order. */
export function predictedMethods(directory: RunDirectory): readonly string[] {
  const names = foldsOf(directory).flatMap((fold) =>
    readdirSync(join(directory.path, 'folds', fold)).filter((name) =>
      existsSync(join(directory.path, fileOf(fold, name))),
    ),
  );
  return [...new Set(names)].sort();
}

/**
 * The predictions of a method in each fold of a run.
 * @throws HafError HAF_TABLE_INVALID if a file was changed or is incomplete
 */
export function readPredictions(
  directory: RunDirectory,
  method: string,
): readonly { readonly fold: number; readonly predictions: readonly Prediction[] }[] {
  return foldsOf(directory)
    .map((fold) => ({ fold: Number(fold), path: join(directory.path, fileOf(fold, method)) }))
    .filter(({ path }) => existsSync(path))
    .sort((a, b) => a.fold - b.fold)
    .map(({ fold, path }) => ({ fold, predictions: readFile(path) }));
}

/** A test patient of a fold, with the risk that a method predicts. */
export interface TestedInTime {
  readonly fold: number;
  readonly patient: string;
  /** In days. */
  readonly time: number;
  readonly event: 0 | 1;
  readonly risk: number;
}

/**
 * The test patients of a time-to-event run, by fold.
 * @throws HafError HAF_TABLE_INVALID if a file was changed or is incomplete
 */
export const readTestedInTime = (directory: RunDirectory, method: string): readonly TestedInTime[] =>
  foldsOf(directory)
    .map((fold) => ({ fold: Number(fold), path: join(directory.path, fileOf(fold, method)) }))
    .filter(({ path }) => existsSync(path))
    .sort((a, b) => a.fold - b.fold)
    .flatMap(({ fold, path }) => testedRows(path).map((row) => ({ fold, ...row })));

function testedRows(path: string): readonly Omit<TestedInTime, 'fold'>[] {
  const text = readFileSync(path, 'utf8');
  const rows: Readonly<Record<string, string>>[] = text.startsWith(csvLine(survivalColumns))
    ? parse(text, { columns: true, relax_column_count: true })
    : [];
  const tested = rows
    .filter(({ split }) => split === 'test')
    .map((row): Omit<TestedInTime, 'fold'> => ({
      patient: writtenText(row['patient'] ?? ''),
      time: numberOf(row['time_days']),
      event: row['event'] === '1' ? 1 : 0,
      risk: numberOf(row['risk']),
    }));
  if (rows.length === 0 || tested.some(({ time, risk }) => !(time > 0) || !Number.isFinite(risk)))
    throw notOurs(path, '');
  return tested;
}

function readFile(path: string): readonly Prediction[] {
  const parsed = predictionsSchema.safeParse(rowsOf(path));
  if (parsed.success) return parsed.data;
  const [row, column] = parsed.error.issues[0]?.path ?? [];
  const where =
    typeof row === 'number' ? ` line ${row + 2}${column === undefined ? '' : `, ${String(column)}`}` : '';
  throw notOurs(path, where);
}

const notOurs = (path: string, where: string): HafError =>
  new HafError(
    'HAF_TABLE_INVALID',
    `${path}${where}: the content is not in the format that a run writes.`,
    'Run the experiment again with "haf-pipeline up": it writes the files of finished jobs again.',
    { context: { file: path } },
  );

function rowsOf(path: string): unknown {
  try {
    const text = readFileSync(path, 'utf8');
    // The header distinguishes a file without rows from a file that no run wrote.
    if (!text.startsWith(csvLine(columns))) return null;
    const rows: Readonly<Record<string, string>>[] = parse(text, { columns: true });
    return rows.map(({ y, logit, p, observed, patient = '', ...row }) => ({
      ...row,
      patient: writtenText(patient),
      ...{ y: numberOf(y), logit: numberOf(logit), p: numberOf(p) },
      observed: observed === 'true' || (observed === 'false' ? false : observed),
    }));
  } catch {
    return null;
  }
}

/** An empty cell is NaN, not zero. */
const numberOf = (cell: string | undefined): number => (cell ? Number(cell) : Number.NaN);
