import { HafError } from '../../pipeline/core/errors.js';
import type { Rng } from '../../pipeline/core/rng.js';
import { counted } from '../../pipeline/core/wording.js';
import { dealFolds } from '../stats/deal-folds.js';
import { fitCox } from './cox-newton.js';
import { coxLoss, coxOrder, type CoxTies } from './cox.js';
import { eventCount, followUpAt, type FollowUp } from './follow-up.js';
import { rowsAt, timesVector, type Matrix } from './matrix.js';
import {
  preconditionerOf,
  ridgeBasis,
  standardised,
  type ColumnScale,
  type RidgeBasis,
} from './ridge-basis.js';

export interface CoxRidgeOptions {
  /** The approximation for events at the same time. @default 'efron' */
  readonly ties?: CoxTies;
  /**
   * Number of inner folds of the training patients for choosing lambda.
   * @default 5
   */
  readonly innerFolds?: number;
  /**
   * Penalties to choose from, on the scale of the log likelihood.
   * @default 21 values from 316 to 0.003 times the number of columns
   */
  readonly lambdas?: readonly number[];
}

/** A fitted ridge Cox model. */
export interface CoxRidge {
  readonly scale: ColumnScale;
  /** Coefficients of the standardised columns. 0 for columns that are constant in training. */
  readonly coefficients: Float64Array;
  readonly lambda: number;
  /** The tried penalties, descending, with the cross-validated log partial likelihood of each. Empty if lambda was given. */
  readonly path: readonly { readonly lambda: number; readonly score: number }[];
  /** Notes for the user about the choice of lambda. */
  readonly notes: readonly string[];
}

/**
 * Cox regression with a ridge penalty lambda/2 |beta|^2 on standardised columns (method.md 11.3). Lambda maximises the
 * cross-validated partial likelihood (Verweij and van Houwelingen 1993) over inner folds of the training patients, stratified by
 * event.
 *
 * @param x [training patients, columns]
 * @param random stream for dealing the inner folds
 * @throws HafError HAF_SPLIT_INVALID if no training patient has the event
 * @throws RangeError if a value of x is not finite or the lengths differ
 */
export function fitCoxRidge(
  x: Matrix,
  training: FollowUp,
  random: Rng,
  { ties = 'efron', innerFolds = 5, lambdas }: CoxRidgeOptions = {},
): CoxRidge {
  if (x.rows !== training.time.length || x.values.length !== x.rows * x.columns)
    throw new RangeError(`${x.rows} rows of ${x.columns} columns but ${training.time.length} patients`);
  if (!x.values.every(Number.isFinite)) throw new RangeError('a value of a ridge Cox model is not finite');
  const events = eventCount(training);
  if (events === 0)
    throw new HafError(
      'HAF_SPLIT_INVALID',
      `None of ${counted(x.rows, 'training patient')} of a fold has the event, so Cox regression has nothing to fit.`,
      'Use fewer folds, or another event.',
    );
  const basis = ridgeBasis(x);
  const tried = [...(lambdas ?? defaultLambdas(basis.used))].sort((a, b) => b - a);
  const folds = Math.min(innerFolds, events);
  const choice =
    tried.length === 1 || folds < 2
      ? { lambda: tried[0] as number, path: [], notes: fewEvents(tried, events) }
      : chooseLambda(basis, training, ties, tried, dealFolds(training.event, folds, random));
  const problem = {
    order: coxOrder(training),
    rows: basis.rows,
    ties,
    lambda: choice.lambda,
    preconditioner: preconditionerOf(basis, events / basis.rows.rows, choice.lambda),
  };
  const w = fitCox(problem, new Float64Array(basis.rows.columns), 1e-8);
  return { ...choice, scale: basis.scale, coefficients: basis.coefficients(w) };
}

/** Linear predictors of patients. Higher means an earlier event. */
export const coxRidgeRisks = (
  { scale, coefficients }: Pick<CoxRidge, 'scale' | 'coefficients'>,
  x: Matrix,
): Float64Array => timesVector(standardised(x, scale), coefficients);

const fewEvents = (tried: readonly number[], events: number): readonly string[] =>
  tried.length === 1
    ? []
    : [`too few events to choose a penalty (${counted(events, 'event')}): the largest is taken`];

const defaultLambdas = (columns: number): readonly number[] =>
  Array.from({ length: 21 }, (_, k) => Math.max(columns, 1) * 10 ** (2.5 - k / 4));

function chooseLambda(
  basis: RidgeBasis,
  training: FollowUp,
  ties: CoxTies,
  tried: readonly number[],
  fold: Int32Array,
): Pick<CoxRidge, 'lambda' | 'path' | 'notes'> {
  const everybody = coxOrder(training);
  const inner = [...new Set(fold)].map((held) => {
    const members = Array.from(fold, (_, i) => i).filter((i) => fold[i] !== held);
    const order = coxOrder(followUpAt(training, members));
    const w: Float64Array = new Float64Array(basis.rows.columns);
    return { order, rows: rowsAt(basis.rows, members), w };
  });
  const path = tried.map((lambda) => {
    const preconditioner = preconditionerOf(basis, everybody.events / basis.rows.rows, lambda);
    let score = 0;
    for (const part of inner) {
      const { order, rows } = part;
      part.w = fitCox({ order, rows, ties, lambda, preconditioner }, part.w, 1e-4);
      // The contribution of the held-out patients: the log likelihood of all patients minus the log likelihood of the
      // patients that are not held out.
      score +=
        coxLoss(order, timesVector(rows, part.w), ties).negLogLik -
        coxLoss(everybody, timesVector(basis.rows, part.w), ties).negLogLik;
    }
    return { lambda, score };
  });
  const best = path.reduce((most, one) => (one.score > most.score ? one : most));
  const end = best === path[0] ? 'largest' : best === path.at(-1) ? 'smallest' : null;
  const notes = end === null ? [] : [`the ${end} penalty of those tried fits best: lambda ${best.lambda}`];
  return { lambda: best.lambda, path, notes };
}
