import { coxCurvature } from './cox-curvature.js';
import { coxLoss, type CoxOrder, type CoxTies } from './cox.js';
import type { Matrix } from './matrix.js';
import { penalisedMinimum } from './penalised-newton.js';

/** A penalised Cox regression that finds coefficients w. Linear predictors: Y w. Penalty: lambda/2 |w|^2. */
export interface CoxProblem {
  readonly order: CoxOrder;
  /** The matrix Y: the inputs of each patient, [patients, dimensions]. */
  readonly rows: Matrix;
  readonly ties: CoxTies;
  readonly lambda: number;
  /**
   * Cholesky factor of approximately lambda I + Y'HY, where H are the second derivatives of the loss. It affects only
   * the speed.
   */
  readonly preconditioner: Matrix;
}

/**
 * Minimises the negative log partial likelihood plus lambda/2 |w|^2.
 *
 * @param start initial w, for example the solution for a larger lambda
 * @param tolerance maximum length of the gradient at the result, relative to 1 + number of events
 * @throws RangeError if it does not converge, although a convex problem with lambda > 0 always should
 */
export const fitCox = (
  { order, rows, ties, lambda, preconditioner }: CoxProblem,
  start: Float64Array,
  tolerance: number,
): Float64Array =>
  penalisedMinimum(
    {
      ...{ rows, lambda, preconditioner, name: 'Cox' },
      lossAt: (eta) => {
        const { negLogLik, gradient } = coxLoss(order, eta, ties);
        return { value: negLogLik, gradient };
      },
      curvatureAt: (eta) => coxCurvature(order, eta, ties),
    },
    start,
    tolerance * (1 + order.events),
  );
