import { jointAffinities, leastAffinity, squaredDistances } from './affinities.js';
import { principalScores } from './principal-axes.js';

/** A phase of the gradient descent: in its iterations the affinities are multiplied by `exaggeration`. */
export interface Phase {
  readonly iterations: number;
  readonly exaggeration: number;
  readonly momentum: number;
}

/**
 * The 1000 iterations of scikit-learn 1.3 (method.md 9.3). In the first phase clusters form. In the second phase the
 * clusters spread.
 */
export const phases: readonly Phase[] = [
  { iterations: 250, exaggeration: 12, momentum: 0.5 },
  { iterations: 750, exaggeration: 1, momentum: 0.8 },
];
const startStd = 1e-4;

/** Learning rate for n points: n / 48, but at least 50. */
export const rateFor = (n: number): number => Math.max(n / 48, 50);

/**
 * The perplexity for n points: 30, or less for few points, because each point then has few neighbours (method.md 9.3).
 */
export const perplexityFor = (n: number): number => Math.max(1, Math.min(30, (n - 1) / 3));

/**
 * Exact t-SNE (van der Maaten and Hinton 2008) in two dimensions, with scikit-learn's schedule, update rule and
 * initialisation by the principal components (method.md 9.3). It is deterministic: the same points give the same map.
 *
 * @param points [n, width]
 * @param schedule the phases of the descent, each with zero initial momentum; other schedules than `phases` are for
 * tests of the first steps
 * @returns [n, 2]
 */
export function tsne(points: Float64Array, width: number, schedule: readonly Phase[] = phases): Float64Array {
  const n = points.length / width;
  if (n < 2) return new Float64Array(2 * n);
  const affinities = jointAffinities(squaredDistances(points, width), n, perplexityFor(n));
  const map = startOf(points, width);
  for (const { exaggeration, ...steps } of schedule) {
    const exaggerated = affinities.map((affinity) => affinity * exaggeration);
    descend(map, exaggerated, { ...steps, rate: rateFor(n) });
  }
  return map;
}

/** The first two principal components, scaled so that the first has standard deviation 1e-4. */
function startOf(points: Float64Array, width: number): Float64Array {
  const scores = principalScores(points, width, 2);
  const n = scores.length / 2;
  // The scores have mean zero, so their mean square is the variance.
  let variance = 0;
  for (let at = 0; at < scores.length; at += 2) variance += (scores[at] as number) ** 2 / n;
  return variance === 0 ? scores : scores.map((score) => (score * startStd) / Math.sqrt(variance));
}

/** Gradient descent with momentum and a gain per coordinate (Jacobs 1988). Changes `map`. */
function descend(
  map: Float64Array,
  affinities: Float64Array,
  { iterations, momentum, rate }: { iterations: number; momentum: number; rate: number },
): void {
  const gains = new Float64Array(map.length).fill(1);
  const update = new Float64Array(map.length);
  const gradient = new Float64Array(map.length);
  const kernel = new Float64Array(affinities.length);
  for (let iteration = 0; iteration < iterations; iteration++) {
    divergenceGradient(map, affinities, gradient, kernel);
    for (let at = 0; at < map.length; at++) {
      const slope = gradient[at] as number;
      const last = update[at] as number;
      const gain = Math.max(
        0.01,
        last * slope < 0 ? (gains[at] as number) + 0.2 : (gains[at] as number) * 0.8,
      );
      gains[at] = gain;
      const step = momentum * last - rate * gain * slope;
      update[at] = step;
      map[at] = (map[at] as number) + step;
    }
  }
}

/**
 * Gradient of the Kullback-Leibler divergence between the affinities of the points and the affinities of the map. The
 * affinities of the map have a Student-t kernel with one degree of freedom (eq. 5 of the t-SNE paper).
 *
 * @param into [n, 2], overwritten
 * @param kernel scratch memory of [n, n]
 */
export function divergenceGradient(
  map: Float64Array,
  affinities: Float64Array,
  into: Float64Array,
  kernel = new Float64Array(affinities.length),
): void {
  const n = map.length / 2;
  let total = 0;
  for (let i = 1; i < n; i++)
    for (let j = 0; j < i; j++) {
      const dx = (map[2 * i] as number) - (map[2 * j] as number);
      const dy = (map[2 * i + 1] as number) - (map[2 * j + 1] as number);
      const value = 1 / (1 + dx * dx + dy * dy);
      kernel[i * n + j] = value;
      total += 2 * value;
    }
  into.fill(0);
  for (let i = 1; i < n; i++)
    for (let j = 0; j < i; j++) {
      const value = kernel[i * n + j] as number;
      const pull = 4 * ((affinities[i * n + j] as number) - Math.max(value / total, leastAffinity)) * value;
      const dx = pull * ((map[2 * i] as number) - (map[2 * j] as number));
      const dy = pull * ((map[2 * i + 1] as number) - (map[2 * j + 1] as number));
      into[2 * i] = (into[2 * i] as number) + dx;
      into[2 * i + 1] = (into[2 * i + 1] as number) + dy;
      into[2 * j] = (into[2 * j] as number) - dx;
      into[2 * j + 1] = (into[2 * j + 1] as number) - dy;
    }
}
