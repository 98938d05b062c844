import { logisticLoss, probability } from '../tensor/cross-entropy.js';
import type { PredictorLoss } from '../survival/penalised-newton.js';

/** Logistic loss of linear predictors, summed over patients, with the intercept that minimises it. */
export interface ProfiledLoss extends PredictorLoss {
  readonly intercept: number;
}

const maxSteps = 100;

/**
 * The optimal unpenalised intercept for given linear predictors: the sum of probabilities equals the number of events.
 *
 * @param y class of each patient, 0 or 1; both classes must occur
 */
export function bestIntercept(eta: Float64Array, y: ArrayLike<number>): number {
  let events = 0;
  for (let i = 0; i < y.length; i++) events += y[i] as number;
  if (events === 0 || events === y.length)
    throw new RangeError('an intercept needs patients of both classes');
  // The optimal intercept is between two bounds: the optimum if all predictors equal the largest one, and the optimum
  // if all equal the smallest one.
  const base = Math.log(events / (y.length - events));
  let [low, high] = [
    base - eta.reduce((a, b) => Math.max(a, b)),
    base - eta.reduce((a, b) => Math.min(a, b)),
  ];
  let intercept = (low + high) / 2;
  for (let step = 0; step < maxSteps; step++) {
    let [excess, slope] = [-events, 0];
    for (const own of eta) {
      const p = probability(own + intercept);
      excess += p;
      slope += p * (1 - p);
    }
    if (excess > 0) high = intercept;
    else low = intercept;
    const newton = intercept - excess / slope;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(excess) <= 1e-13 * y.length || next === intercept) break;
    intercept = next;
  }
  return intercept;
}

/**
 * Loss summed over patients, and its gradient with respect to the predictors. The intercept is always optimal, so the
 * derivative with respect to the intercept is 0.
 */
export function profiledLoss(eta: Float64Array, y: ArrayLike<number>): ProfiledLoss {
  const intercept = bestIntercept(eta, y);
  const gradient = new Float64Array(eta.length);
  let value = 0;
  eta.forEach((own, i) => {
    const { loss, gradient: slope } = logisticLoss(own + intercept, y[i] === 1 ? 1 : 0);
    value += loss;
    gradient[i] = slope;
  });
  return { value, gradient, intercept };
}

/**
 * Multiplies vectors with the second derivatives of `profiledLoss`: `H - H1 (H1)' / (1'H1)`. H is the diagonal matrix
 * of `p (1 - p)` for the probability p of each patient, and 1 is the vector of ones. The second term appears because
 * the intercept depends on the predictors.
 */
export function profiledCurvature(
  eta: Float64Array,
  y: ArrayLike<number>,
): { times(v: Float64Array): Float64Array } {
  const intercept = bestIntercept(eta, y);
  const weights = eta.map((own) => {
    const p = probability(own + intercept);
    return p * (1 - p);
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    times: (v) => {
      let along = 0;
      for (let i = 0; i < v.length; i++) along += (weights[i] as number) * (v[i] as number);
      const shift = total > 0 ? along / total : 0;
      return v.map((own, i) => (weights[i] as number) * (own - shift));
    },
  };
}
