import { counted } from '../../pipeline/core/wording.js';
import { columnsAt, rowsAt, timesVector, transposedTimes, type Matrix } from '../survival/matrix.js';
import { nonNegativeMinimum } from '../survival/non-negative.js';
import { penalisedMinimum } from '../survival/penalised-newton.js';
import { preconditionerOf, ridgeBasis, standardised, type RidgeBasis } from '../survival/ridge-basis.js';
import { auc } from '../stats/auc.js';
import { logisticLoss } from '../tensor/cross-entropy.js';
import { mean } from '../stats/spread.js';
import { tiedScores } from '../stats/tied-scores.js';
import type { Logistic } from './logistic-data.js';
import { bestIntercept, profiledCurvature, profiledLoss } from './logistic-loss.js';

/** The values of lambda to choose from: 1000 to 0.00001, two per decade. */
export const defaultLambdas: readonly number[] = Array.from({ length: 17 }, (_, k) => 10 ** (3 - k / 2));

/** A fitted penalised logistic regression, and the results of its inner folds. */
export interface LogisticFit {
  readonly model: Logistic;
  /**
   * The tried penalties, descending, with AUC (mean over inner folds) and mean log loss of held-out patients. Empty
   * without inner folds or with a single penalty.
   */
  readonly path: readonly Tried[];
  /**
   * Logit of each training patient by the model that was trained on the other inner folds, at the chosen penalty and
   * calibrated. Null without inner folds or with a single penalty.
   */
  readonly heldOut: Float64Array | null;
  readonly notes: readonly string[];
}

interface Tried {
  readonly lambda: number;
  readonly auc: number;
  readonly logLoss: number;
}

/** Options of a fit. */
export interface LogisticChoices {
  /** Penalties to choose from. */
  readonly lambdas?: readonly number[];
  /**
   * The criterion for the penalty, on held-out patients. `auc`: the best ranking. `logLoss`: the best probabilities.
   * `oneStandardError`: the largest penalty whose log loss exceeds the smallest log loss by at most one standard error
   * of the difference.
   */
  readonly choose?: 'auc' | 'logLoss' | 'oneStandardError';
  /** Whether no coefficient may be below 0. This needs at least as many patients as columns. */
  readonly nonNegative?: boolean;
}

/**
 * Logistic regression with a ridge penalty on standardised columns: minimises `mean loss + lambda/2 |beta|^2`
 * (method.md 12.1). The intercept is not penalised. Lambda is chosen over inner folds of the training patients. A large
 * penalty can rank patients well but makes all probabilities similar. So the logits are afterwards scaled by a logistic
 * regression on the logits of held-out patients (Platt scaling).
 *
 * @param x [training patients, columns]
 * @param y class of each training patient
 * @param divisions the inner fold of each patient, for every division into inner folds. Without divisions, the largest
 * of `lambdas` is used and logits are not scaled
 * @throws RangeError if a value of x is not finite, the lengths differ, all patients have one class, or `nonNegative`
 * is set and x has more columns than patients
 */
export function fitLogisticRidge(
  x: Matrix,
  y: readonly (0 | 1)[],
  divisions: readonly Int32Array[],
  { lambdas = defaultLambdas, choose = 'auc', nonNegative = false }: LogisticChoices = {},
): LogisticFit {
  if (x.rows !== y.length || x.values.length !== x.rows * x.columns)
    throw new RangeError(`${x.rows} rows of ${x.columns} columns but ${y.length} patients`);
  if (!x.values.every(Number.isFinite))
    throw new RangeError('a value of a logistic regression is not finite');
  if (nonNegative && x.columns > x.rows)
    throw new RangeError(`${x.columns} coefficients of at least 0 need as many rows, not ${x.rows}`);
  const basis = ridgeBasis(x);
  const { scale } = basis;
  const at = { basis, y, nonNegative };
  const tried = [...lambdas].sort((a, b) => b - a);
  const choice =
    divisions.length === 0 || tried.length === 1
      ? { lambda: tried[0] as number, path: [], heldOut: null, notes: fewPatients(tried, y) }
      : chooseLambda(at, tried, divisions, choose);
  const part = { rows: basis.rows, y };
  const w = fitAt(at, part, choice.lambda, new Float64Array(basis.rows.columns), 1e-9);
  const { lambda, path, notes, heldOut } = choice;
  const model = {
    mean: [...scale.mean],
    factor: [...scale.factor],
    coefficients: [...basis.coefficients(w)],
    intercept: bestIntercept(timesVector(part.rows, w), y),
    lambda,
  };
  if (heldOut === null) return { model, path, heldOut, notes };
  const { slope, intercept } = plattScale(heldOut, y);
  return {
    ...{ path, notes, heldOut: heldOut.map((logit) => slope * logit + intercept) },
    model: {
      ...model,
      coefficients: model.coefficients.map((own) => slope * own),
      intercept: slope * model.intercept + intercept,
    },
  };
}

/**
 * Slope and intercept of a logistic regression on logits. A slope of 0 or below means that the logits do not rank patients; then
 * nothing is scaled.
 */
function plattScale(
  logits: Float64Array,
  y: readonly (0 | 1)[],
): { readonly slope: number; readonly intercept: number } {
  const column = { rows: logits.length, columns: 1, values: logits };
  const { model } = fitLogisticRidge(column, y, [], { lambdas: [1e-6] });
  const slope = (model.coefficients[0] as number) * (model.factor[0] as number);
  return slope > 0
    ? { slope, intercept: model.intercept - slope * (model.mean[0] as number) }
    : { slope: 1, intercept: 0 };
}

/** The logits that a fitted regression gives for the rows of x. */
export function logisticLogits({ mean, factor, coefficients, intercept }: Logistic, x: Matrix): Float64Array {
  const scale = { mean: Float64Array.from(mean), factor: Float64Array.from(factor) };
  return timesVector(standardised(x, scale), Float64Array.from(coefficients)).map((own) => own + intercept);
}

const fewPatients = (tried: readonly number[], y: readonly (0 | 1)[]): readonly string[] =>
  tried.length === 1
    ? []
    : [
        `too few patients of one class to choose a penalty (${counted(y.filter((own) => own === 1).length, 'event')} of ${y.length} patients): the largest is taken`,
      ];

/** The patients of a fit: their rows in the basis (`ridgeBasis`), and their classes. */
interface FitPart {
  readonly rows: Matrix;
  readonly y: readonly (0 | 1)[];
}

/**
 * The data of a fit: the basis (`ridgeBasis`) and the classes of all its patients, and whether coefficients below 0 are
 * forbidden.
 */
interface Fitted {
  readonly basis: RidgeBasis;
  readonly y: readonly (0 | 1)[];
  readonly nonNegative: boolean;
}

/** @param tolerance maximum length of the gradient of the mean loss */
function fitAt(
  { basis, nonNegative }: Omit<Fitted, 'y'>,
  { rows, y }: FitPart,
  lambda: number,
  start: Float64Array,
  tolerance: number,
  preconditioner?: Matrix,
): Float64Array {
  const summed = lambda * rows.rows;
  const curvature = meanCurvature(y);
  const minimum = (own: Matrix, from: Float64Array, prepared: Matrix): Float64Array =>
    penalisedMinimum(
      {
        ...{ rows: own, lambda: summed, name: 'logistic', preconditioner: prepared },
        lossAt: (eta) => profiledLoss(eta, y),
        curvatureAt: (eta) => profiledCurvature(eta, y),
      },
      from,
      tolerance * rows.rows,
    );
  if (!nonNegative) return minimum(rows, start, preconditioner ?? preconditionerOf(basis, curvature, summed));
  return nonNegativeMinimum(
    {
      minimise: (columns, from) => {
        const gram = rowsAt(columnsAt(basis.gram, columns), columns);
        return minimum(columnsAt(rows, columns), from, preconditionerOf({ gram }, curvature, summed));
      },
      gradient: (w) =>
        transposedTimes(rows, profiledLoss(timesVector(rows, w), y).gradient).map(
          (slope, column) => slope + summed * (w[column] as number),
        ),
    },
    start,
    10 * tolerance * rows.rows,
  );
}

function meanCurvature(y: readonly (0 | 1)[]): number {
  const share = y.filter((own) => own === 1).length / y.length;
  return share * (1 - share);
}

function chooseLambda(
  { basis, y, nonNegative }: Fitted,
  tried: readonly number[],
  divisions: readonly Int32Array[],
  choose: LogisticChoices['choose'],
): Omit<LogisticFit, 'model'> & { readonly lambda: number } {
  const positions = y.map((_, i) => i);
  const partOf = (own: readonly number[]): FitPart => ({
    rows: rowsAt(basis.rows, own),
    y: own.map((i) => y[i] as 0 | 1),
  });
  const inner = divisions.flatMap((fold) =>
    [...new Set(fold)].map((held) => {
      const others = positions.filter((i) => fold[i] === held);
      const w: Float64Array = new Float64Array(basis.rows.columns);
      return {
        w,
        ...{ members: partOf(positions.filter((i) => fold[i] !== held)), others, held: partOf(others) },
      };
    }),
  );
  const path = tried.map((lambda) => {
    // Undefined if weights below 0 are forbidden: `fitAt` then computes a preconditioner for each set of columns that
    // it tries.
    const preconditioner = nonNegative
      ? undefined
      : preconditionerOf(basis, meanCurvature(y), lambda * basis.rows.rows);
    const heldOut = new Float64Array(y.length);
    const aucs = inner.map((part) => {
      part.w = fitAt({ basis, nonNegative }, part.members, lambda, part.w, 1e-7, preconditioner);
      const intercept = bestIntercept(timesVector(part.members.rows, part.w), part.members.y);
      const logits = timesVector(part.held.rows, part.w).map((own) => own + intercept);
      part.others.forEach(
        (i, k) => (heldOut[i] = (heldOut[i] as number) + (logits[k] as number) / divisions.length),
      );
      return auc(part.held.y, tiedScores([...logits])) ?? 0.5;
    });
    const losses = Array.from(heldOut, (logit, i) => logisticLoss(logit, y[i] as 0 | 1).loss);
    return { lambda, auc: mean(aucs), logLoss: mean(losses), losses, heldOut };
  });
  const least = path.reduce((most, one) =>
    (choose === 'auc' ? one.auc > most.auc : one.logLoss < most.logLoss) ? one : most,
  );
  const best =
    choose === 'oneStandardError'
      ? (path.find(({ losses }) => asGood(losses, least.losses)) ?? least)
      : least;
  const notes =
    best === path.at(-1) ? [`the smallest penalty of those tried fits best: lambda ${best.lambda}`] : [];
  return {
    ...{ lambda: best.lambda, heldOut: best.heldOut, notes },
    path: path.map(({ lambda, auc, logLoss }) => ({ lambda, auc, logLoss })),
  };
}

/**
 * Whether the mean of `losses` exceeds the mean of `least` by at most one standard error of the difference: the
 * one-standard-error rule (Breiman et al. 1984). The standard error is computed from the
 * difference between the two losses of each patient.
 */
function asGood(losses: readonly number[], least: readonly number[]): boolean {
  const differences = losses.map((loss, i) => loss - (least[i] as number));
  const worse = mean(differences);
  const variance = mean(differences.map((one) => (one - worse) ** 2));
  return worse <= Math.sqrt(variance / differences.length);
}
