import { solveLower, solveUpper } from './cholesky.js';
import { timesVector, transposedTimes, type Matrix } from './matrix.js';

/** Loss of linear predictors and its gradient with respect to them. */
export interface PredictorLoss {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** A convex loss of linear predictors Y w with the penalty lambda/2 |w|^2. */
export interface PenalisedProblem {
  /** The matrix Y: the inputs of each patient, [patients, dimensions]. */
  readonly rows: Matrix;
  readonly lambda: number;
  /**
   * Cholesky factor of approximately lambda I + Y'HY, where H are the second derivatives of the loss. It affects only
   * the speed.
   */
  readonly preconditioner: Matrix;
  readonly lossAt: (eta: Float64Array) => PredictorLoss;
  /** Second derivatives H of the loss at given linear predictors, as products with a vector. */
  readonly curvatureAt: (eta: Float64Array) => { times(v: Float64Array): Float64Array };
  /** The name of the model in errors. */
  readonly name: string;
}

const maxSteps = 50;
const maxProducts = 200;

/**
 * Minimises the loss plus lambda/2 |w|^2 by Newton's method. Each step is solved by conjugate gradients, so the curvature matrix is
 * never formed.
 *
 * @param start initial w, for example the solution for a larger lambda
 * @param tolerance maximum length of the gradient at the result
 * @throws RangeError if it does not converge, although a convex problem with lambda > 0 always should
 */
export function penalisedMinimum(
  problem: PenalisedProblem,
  start: Float64Array,
  tolerance: number,
): Float64Array {
  const { rows, lambda, lossAt, name } = problem;
  const evaluate = (w: Float64Array) => {
    const eta = timesVector(rows, w);
    const { value, gradient } = lossAt(eta);
    return { w, eta, value: value + (lambda / 2) * dot(w, w), ofEta: gradient };
  };
  let now = evaluate(start);
  for (let step = 0; step < maxSteps; step++) {
    const gradient = transposedTimes(rows, now.ofEta).map((g, k) => g + lambda * (now.w[k] as number));
    const size = Math.sqrt(dot(gradient, gradient));
    if (size <= tolerance) return now.w;
    const direction = newtonDirection(problem, now.eta, gradient, Math.min(0.1, Math.sqrt(size)));
    const slope = dot(gradient, direction);
    let [length, next] = [1, evaluate(now.w.map((own, k) => own + (direction[k] as number)))];
    // Tolerance for the rounding error of the loss. Without it, rounding near the minimum would shorten a good step.
    const noise = 1e-12 * Math.abs(now.value);
    while (next.value > now.value + 1e-4 * length * slope + noise && length > 1e-8) {
      length /= 2;
      const shorter = length;
      next = evaluate(now.w.map((own, k) => own + shorter * (direction[k] as number)));
    }
    now = next;
  }
  throw new RangeError(`a penalised ${name} fit with lambda ${lambda} did not converge in ${maxSteps} steps`);
}

/**
 * The Newton step -(lambda I + Y'HY)^-1 gradient, by preconditioned conjugate gradients. They stop when the length of
 * the residual is at most `share` times the length of the gradient.
 */
function newtonDirection(
  { rows, lambda, preconditioner, curvatureAt }: PenalisedProblem,
  eta: Float64Array,
  gradient: Float64Array,
  share: number,
): Float64Array {
  const curvature = curvatureAt(eta);
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
