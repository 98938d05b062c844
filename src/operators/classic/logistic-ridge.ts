import { counted } from '../../pipeline/core/wording.js';
import { rowsAt, timesVector, type Matrix } from '../survival/matrix.js';
import { penalisedMinimum } from '../survival/penalised-newton.js';
import { preconditionerOf, ridgeBasis, standardised, type RidgeBasis } from '../survival/ridge-basis.js';
import { auc } from '../stats/auc.js';
import { mean } from '../stats/spread.js';
import { tiedScores } from '../stats/tied-scores.js';
import type { Logistic } from './logistic-data.js';
import { bestIntercept, profiledCurvature, profiledLoss } from './logistic-loss.js';

/** The penalties to choose from: 1000 to 0.00001 on the mean loss, two per decade. */
export const defaultLambdas: readonly number[] = Array.from({ length: 17 }, (_, k) => 10 ** (3 - k / 2));

/** A fitted penalised logistic regression, and what its inner folds say. */
export interface LogisticFit {
  readonly model: Logistic;
  /** The tried penalties, descending, with the mean AUC of held-out patients; empty when nothing was chosen. */
  readonly path: readonly { readonly lambda: number; readonly auc: number }[];
  /** Logit of each training patient by the model of the other inner folds, at the chosen penalty and calibrated; null without inner folds. */
  readonly heldOut: Float64Array | null;
  readonly notes: readonly string[];
}

/**
 * Logistic regression with a ridge penalty on standardised columns: minimum of `mean loss + lambda/2 |beta|^2` (method.md 12.1). The
 * intercept has no penalty. Lambda has the largest mean AUC over inner folds of the training patients. A large penalty ranks patients well and
 * makes all probabilities alike, so the logits are then scaled by a logistic regression on those of the held-out patients (Platt).
 *
 * @param x [training patients, columns]
 * @param y class of each
 * @param fold inner fold of each; null takes the largest of `lambdas`, and scales nothing
 * @throws RangeError when a value of x is not finite, the lengths differ, or all patients are of one class
 */
export function fitLogisticRidge(
  x: Matrix,
  y: readonly (0 | 1)[],
  fold: Int32Array | null,
  lambdas: readonly number[] = defaultLambdas,
): LogisticFit {
  if (x.rows !== y.length || x.values.length !== x.rows * x.columns)
    throw new RangeError(`${x.rows} rows of ${x.columns} columns but ${y.length} patients`);
  if (!x.values.every(Number.isFinite))
    throw new RangeError('a value of a logistic regression is not finite');
  const basis = ridgeBasis(x);
  const tried = [...lambdas].sort((a, b) => b - a);
  const choice =
    fold === null || tried.length === 1
      ? { lambda: tried[0] as number, path: [], heldOut: null, notes: fewPatients(tried, y) }
      : chooseLambda(basis, y, tried, fold);
  const w = fitAt(basis, basis.rows, y, choice.lambda, new Float64Array(basis.rows.columns), 1e-9);
  const { lambda, path, notes, heldOut } = choice;
  const model = {
    mean: [...basis.scale.mean],
    factor: [...basis.scale.factor],
    coefficients: [...basis.coefficients(w)],
    intercept: bestIntercept(timesVector(basis.rows, w), y),
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

/** Slope and intercept of a logistic regression on logits; a slope of 0 or below says that the logits rank nobody, and changes nothing. */
function plattScale(
  logits: Float64Array,
  y: readonly (0 | 1)[],
): { readonly slope: number; readonly intercept: number } {
  const column = { rows: logits.length, columns: 1, values: logits };
  const { model } = fitLogisticRidge(column, y, null, [1e-6]);
  const slope = (model.coefficients[0] as number) * (model.factor[0] as number);
  return slope > 0
    ? { slope, intercept: model.intercept - slope * (model.mean[0] as number) }
    : { slope: 1, intercept: 0 };
}

/** Logits of patients. */
export function logisticLogits({ mean, factor, coefficients, intercept }: Logistic, x: Matrix): Float64Array {
  const scale = { mean: Float64Array.from(mean), factor: Float64Array.from(factor) };
  return timesVector(standardised(x, scale), Float64Array.from(coefficients)).map((own) => own + intercept);
}

const fewPatients = (tried: readonly number[], y: readonly (0 | 1)[]): readonly string[] =>
  tried.length === 1
    ? []
    : [
        `${counted(y.filter((own) => own === 1).length, 'event')} of ${y.length} patients cannot choose a penalty: the largest is taken`,
      ];

/** @param tolerance largest length of the gradient of the mean loss */
function fitAt(
  basis: RidgeBasis,
  rows: Matrix,
  y: readonly (0 | 1)[],
  lambda: number,
  start: Float64Array,
  tolerance: number,
  preconditioner?: Matrix,
): Float64Array {
  const summed = lambda * rows.rows;
  return penalisedMinimum(
    {
      ...{ rows, lambda: summed, name: 'logistic' },
      preconditioner: preconditioner ?? preconditionerOf(basis, meanCurvature(y), summed),
      lossAt: (eta) => profiledLoss(eta, y),
      curvatureAt: (eta) => profiledCurvature(eta, y),
    },
    start,
    tolerance * rows.rows,
  );
}

function meanCurvature(y: readonly (0 | 1)[]): number {
  const share = y.filter((own) => own === 1).length / y.length;
  return share * (1 - share);
}

function chooseLambda(
  basis: RidgeBasis,
  y: readonly (0 | 1)[],
  tried: readonly number[],
  fold: Int32Array,
): Omit<LogisticFit, 'model'> & { readonly lambda: number } {
  const positions = Array.from(fold, (_, i) => i);
  const inner = [...new Set(fold)].map((held) => {
    const w: Float64Array = new Float64Array(basis.rows.columns);
    const [members, others] = [true, false].map((own) => positions.filter((i) => (fold[i] === held) !== own));
    return {
      ...{ rows: rowsAt(basis.rows, members as number[]), held: others as number[] },
      heldRows: rowsAt(basis.rows, others as number[]),
      y: (members as number[]).map((i) => y[i] as 0 | 1),
      w,
    };
  });
  const path = tried.map((lambda) => {
    const preconditioner = preconditionerOf(basis, meanCurvature(y), lambda * basis.rows.rows);
    const heldOut = new Float64Array(y.length);
    const aucs = inner.map((part) => {
      part.w = fitAt(basis, part.rows, part.y, lambda, part.w, 1e-7, preconditioner);
      const intercept = bestIntercept(timesVector(part.rows, part.w), part.y);
      const logits = timesVector(part.heldRows, part.w).map((own) => own + intercept);
      part.held.forEach((i, k) => (heldOut[i] = logits[k] as number));
      const classes = part.held.map((i) => y[i] as 0 | 1);
      return auc(classes, tiedScores([...logits])) ?? 0.5;
    });
    return { lambda, auc: mean(aucs), heldOut };
  });
  const best = path.reduce((most, one) => (one.auc > most.auc ? one : most));
  const notes =
    best === path.at(-1) ? [`the smallest penalty of those tried fits best: lambda ${best.lambda}`] : [];
  return {
    ...{ lambda: best.lambda, heldOut: best.heldOut, notes },
    path: path.map(({ lambda, auc: own }) => ({ lambda, auc: own })),
  };
}
