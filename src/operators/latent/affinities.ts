/**
 * Squared Euclidean distances of n points, n x n, row by row.
 * @param points [n, width]
 */
export function squaredDistances(points: Float64Array, width: number): Float64Array {
  const n = points.length / width;
  const distances = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let d = 0; d < width; d++) {
        const difference = (points[i * width + d] as number) - (points[j * width + d] as number);
        sum += difference * difference;
      }
      distances[i * n + j] = sum;
      distances[j * n + i] = sum;
    }
  return distances;
}

/** Difference of entropies, in nats, at which the search for a bandwidth stops. */
const tolerance = 1e-5;
const mostSteps = 100;

/**
 * Conditional affinities: row i holds the values of a Gaussian around point i at the other points. The width of the
 * Gaussian is chosen so that the perplexity of the row (the exponential of its entropy) equals the given one (van der
 * Maaten and Hinton 2008, eq. 1). Rows sum to 1.
 *
 * @param distances squared, [n, n]
 */
export function conditionalAffinities(distances: Float64Array, n: number, perplexity: number): Float64Array {
  const affinities = new Float64Array(n * n);
  const target = Math.log(perplexity);
  for (let i = 0; i < n; i++) {
    const row = distances.subarray(i * n, (i + 1) * n);
    const into = affinities.subarray(i * n, (i + 1) * n);
    let [low, beta, high] = [0, 1, Infinity];
    for (let step = 0; step < mostSteps; step++) {
      const excess = fillRow(row, i, beta, into) - target;
      if (Math.abs(excess) <= tolerance) break;
      if (excess > 0) {
        low = beta;
        beta = high === Infinity ? beta * 2 : (beta + high) / 2;
      } else {
        high = beta;
        beta = (beta + low) / 2;
      }
    }
  }
  return affinities;
}

/**
 * Fills the row of point `own` with the affinities of a Gaussian of precision `beta`, and returns the entropy of the
 * row in nats.
 */
function fillRow(distances: Float64Array, own: number, beta: number, into: Float64Array): number {
  // The smallest distance is subtracted from all distances. This changes no affinity, and the exponential of the
  // nearest point cannot underflow to 0.
  let nearest = Infinity;
  distances.forEach((distance, j) => (nearest = j === own ? nearest : Math.min(nearest, distance)));
  let sum = 0;
  for (let j = 0; j < distances.length; j++) {
    const weight = j === own ? 0 : Math.exp(-beta * ((distances[j] as number) - nearest));
    into[j] = weight;
    sum += weight;
  }
  let weighted = 0;
  for (let j = 0; j < distances.length; j++) {
    const share = (into[j] as number) / sum;
    into[j] = share;
    if (share > 0) weighted += share * ((distances[j] as number) - nearest);
  }
  return Math.log(sum) + beta * weighted;
}

/** Smallest affinity of two different points. It is above 0, so the logarithm of an affinity is finite. */
export const leastAffinity = Number.EPSILON;

/** Symmetric affinities of pairs of points that sum to 1 over [n, n] (van der Maaten and Hinton 2008, sec. 3.1). */
export function jointAffinities(distances: Float64Array, n: number, perplexity: number): Float64Array {
  const conditional = conditionalAffinities(distances, n, perplexity);
  const joint = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      if (i === j) continue;
      const both = (conditional[i * n + j] as number) + (conditional[j * n + i] as number);
      joint[i * n + j] = Math.max(both / (2 * n), leastAffinity);
    }
  return joint;
}
