import { symmetricEigen } from '../stage2/jacobi.js';

/**
 * Scores of points on their first principal components, [n, count]. The sign of a component is arbitrary; here the
 * score farthest from zero is positive.
 *
 * @param points [n, width]
 */
export function principalScores(points: Float64Array, width: number, count: number): Float64Array {
  const n = points.length / width;
  const centred = centre(points, width);
  const { vectors } = symmetricEigen(scatterOf(centred, width), width);
  const scores = new Float64Array(n * count);
  for (let component = 0; component < Math.min(count, width); component++) {
    let farthest = 0;
    for (let i = 0; i < n; i++) {
      let score = 0;
      for (let d = 0; d < width; d++)
        score += (centred[i * width + d] as number) * (vectors[d * width + component] as number);
      scores[i * count + component] = score;
      if (Math.abs(score) > Math.abs(farthest)) farthest = score;
    }
    if (farthest < 0)
      for (let i = component; i < scores.length; i += count) scores[i] = -(scores[i] as number);
  }
  return scores;
}

function centre(points: Float64Array, width: number): Float64Array {
  const n = points.length / width;
  const means = new Float64Array(width);
  points.forEach((value, at) => (means[at % width] = (means[at % width] as number) + value / n));
  return points.map((value, at) => value - (means[at % width] as number));
}

/** Sum over all points of the outer product of the centred point with itself, [width, width]. */
function scatterOf(centred: Float64Array, width: number): Float64Array {
  const scatter = new Float64Array(width * width);
  for (let from = 0; from < centred.length; from += width)
    for (let a = 0; a < width; a++) {
      const value = centred[from + a] as number;
      for (let b = 0; b < width; b++)
        scatter[a * width + b] = (scatter[a * width + b] as number) + value * (centred[from + b] as number);
    }
  return scatter;
}
