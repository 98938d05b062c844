import { solveLower, solveUpper } from './cholesky.js';
import { coxCurvature } from './cox-curvature.js';
import { coxLoss, type CoxOrder, type CoxTies } from './cox.js';
import { timesVector, transposedTimes, type Matrix } from './matrix.js';

/** A penalised Cox problem: linear predictors Y w, penalty lambda/2 |w|^2. */
export interface CoxProblem {
  readonly order: CoxOrder;
  /** Y, [patients, dimensions]. */
  readonly rows: Matrix;
  readonly ties: CoxTies;
  readonly lambda: number;
  /** Cholesky factor of about lambda I + Y'HY; only the speed depends on it. */
  readonly preconditioner: Matrix;
}

const maxSteps = 50;
const maxProducts = 200;

/**
 * Minimum of the negative log partial likelihood plus lambda/2 |w|^2 by Newton's method; each step is solved by conjugate gradients, so the
 * curvature is never written out.
 *
 * @param start w to begin with, for example the solution of a larger lambda
 * @param tolerance largest length of the gradient in the result, relative to 1 + number of events
 * @throws RangeError when it does not converge, which a convex problem with lambda > 0 always does
 */
export function fitCox(problem: CoxProblem, start: Float64Array, tolerance: number): Float64Array {
  const { order, rows, ties, lambda } = problem;
  const evaluate = (w: Float64Array) => {
    const eta = timesVector(rows, w);
    const { negLogLik, gradient } = coxLoss(order, eta, ties);
    return { w, eta, value: negLogLik + (lambda / 2) * dot(w, w), ofEta: gradient };
  };
  let now = evaluate(start);
  for (let step = 0; step < maxSteps; step++) {
    const gradient = transposedTimes(rows, now.ofEta).map((g, k) => g + lambda * (now.w[k] as number));
    const size = Math.sqrt(dot(gradient, gradient));
    if (size <= tolerance * (1 + order.events)) return now.w;
    const direction = newtonDirection(problem, now.eta, gradient, Math.min(0.1, Math.sqrt(size)));
    const slope = dot(gradient, direction);
    let [length, next] = [1, evaluate(now.w.map((own, k) => own + (direction[k] as number)))];
    // Rounding of the value near the minimum must not shorten a good step.
    const noise = 1e-12 * Math.abs(now.value);
    while (next.value > now.value + 1e-4 * length * slope + noise && length > 1e-8) {
      length /= 2;
      const shorter = length;
      next = evaluate(now.w.map((own, k) => own + shorter * (direction[k] as number)));
    }
    now = next;
  }
  throw new RangeError(`a penalised Cox fit with lambda ${lambda} did not converge in ${maxSteps} steps`);
}

/** -(lambda I + Y'HY)^-1 gradient, by preconditioned conjugate gradients down to a share of the gradient's length. */
function newtonDirection(
  { order, rows, ties, lambda, preconditioner }: CoxProblem,
  eta: Float64Array,
  gradient: Float64Array,
  share: number,
): Float64Array {
  const curvature = coxCurvature(order, eta, ties);
  const product = (v: Float64Array): Float64Array =>
    transposedTimes(rows, curvature.times(timesVector(rows, v))).map(
      (own, k) => own + lambda * (v[k] as number),
    );
  const precondition = (r: Float64Array): Float64Array =>
    solveUpper(preconditioner, solveLower(preconditioner, r));
  const x = new Float64Array(gradient.length);
  const residual = gradient.map((g) => -g);
  const goal = share * Math.sqrt(dot(gradient, gradient));
  let z = precondition(residual);
  let search = z;
  let energy = dot(residual, z);
  for (let k = 0; k < maxProducts && Math.sqrt(dot(residual, residual)) > goal; k++) {
    const image = product(search);
    const length = energy / dot(search, image);
    for (let i = 0; i < x.length; i++) {
      x[i] = (x[i] as number) + length * (search[i] as number);
      residual[i] = (residual[i] as number) - length * (image[i] as number);
    }
    z = precondition(residual);
    const before = energy;
    energy = dot(residual, z);
    const [last, turned] = [search, z];
    search = turned.map((own, i) => own + (energy / before) * (last[i] as number));
  }
  return x;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
