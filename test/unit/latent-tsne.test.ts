import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  conditionalAffinities,
  jointAffinities,
  squaredDistances,
} from '../../src/operators/latent/affinities.js';
import { principalScores } from '../../src/operators/latent/principal-axes.js';
import {
  divergenceGradient,
  perplexityFor,
  phases,
  rateFor,
  tsne,
  type Phase,
} from '../../src/operators/latent/tsne.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { pythonWith } from '../support/python-with.js';

const width = 8;

/** Points around distant centres. Point i belongs to cluster i % clusters. */
function clustered(n: number, clusters: number, spread = 0.6): Float64Array {
  const random = rng(11, `clusters/${n}`);
  const centres = Array.from({ length: clusters * width }, () => 4 * random.normal());
  return Float64Array.from(
    { length: n * width },
    (_, at) =>
      (centres[(Math.floor(at / width) % clusters) * width + (at % width)] as number) +
      spread * random.normal(),
  );
}

/** Points on a bent sheet: neighbours matter, but there are no clusters. */
function bentSheet(n: number): Float64Array {
  const random = rng(12, 'sheet');
  return Float64Array.from(
    Array.from({ length: n }).flatMap(() => {
      const [a, b] = [3 * random.uniform(), 6 * random.uniform()];
      return [
        Math.cos(a) * a,
        b,
        Math.sin(a) * a,
        ...Array.from({ length: width - 3 }, () => 0.05 * random.normal()),
      ];
    }),
  );
}

const rowsOf = (values: Float64Array, columns: number): number[][] =>
  Array.from({ length: values.length / columns }, (_, i) => [
    ...values.subarray(i * columns, (i + 1) * columns),
  ]);

/** All points except point i, sorted by their distance from point i, nearest first. */
const neighbours = (distances: Float64Array, n: number, i: number): number[] =>
  Array.from({ length: n }, (_, j) => j)
    .filter((j) => j !== i)
    .sort((a, b) => (distances[i * n + a] as number) - (distances[i * n + b] as number));

/**
 * Trustworthiness of a map (Venna and Kaski 2001): 1 if the k nearest neighbours of each point in the map are also its
 * nearest neighbours among `points`, less otherwise.
 */
function trustworthiness(points: Float64Array, map: Float64Array, k: number): number {
  const n = map.length / 2;
  const inSpace = squaredDistances(points, width);
  const inMap = squaredDistances(map, 2);
  let penalty = 0;
  for (let i = 0; i < n; i++) {
    const rank = new Map(neighbours(inSpace, n, i).map((j, place) => [j, place + 1]));
    for (const j of neighbours(inMap, n, i).slice(0, k)) penalty += Math.max(0, (rank.get(j) as number) - k);
  }
  return 1 - (2 * penalty) / (n * k * (2 * n - 3 * k - 1));
}

describe('affinities', () => {
  it('give every point the perplexity that is asked for', () => {
    const [n, perplexity] = [60, 15];
    const rows = rowsOf(conditionalAffinities(squaredDistances(clustered(n, 4), width), n, perplexity), n);
    for (const [i, row] of rows.entries()) {
      expect(row[i]).toBe(0);
      expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
      const entropy = -row.reduce((sum, share) => sum + (share > 0 ? share * Math.log(share) : 0), 0);
      expect(Math.exp(entropy)).toBeCloseTo(perplexity, 3);
    }
  });

  it('do so at any scale, and for a point far from all others', () => {
    const n = 30;
    const points = clustered(n, 2).map((value) => 1e4 * value);
    points.fill(1e7, 0, width);
    const rows = rowsOf(conditionalAffinities(squaredDistances(points, width), n, 5), n);
    for (const row of rows) {
      const entropy = -row.reduce((sum, share) => sum + (share > 0 ? share * Math.log(share) : 0), 0);
      expect(Math.exp(entropy)).toBeCloseTo(5, 3);
    }
  });

  it('are symmetric and sum to 1 over all pairs', () => {
    const n = 40;
    const joint = jointAffinities(squaredDistances(clustered(n, 3), width), n, 10);
    expect(joint.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) expect(joint[i * n + j]).toBe(joint[j * n + i]);
  });
});

describe('the gradient', () => {
  it('is that of the Kullback-Leibler divergence, by central differences', () => {
    const n = 12;
    const affinities = jointAffinities(squaredDistances(clustered(n, 3), width), n, 3);
    const random = rng(3, 'map');
    const map = Float64Array.from({ length: 2 * n }, () => random.normal());
    // Computed independently from equations 2 and 4 of the t-SNE paper.
    const divergence = (at: Float64Array): number => {
      const kernel = squaredDistances(at, 2).map((distance, pair) =>
        pair % (n + 1) === 0 ? 0 : 1 / (1 + distance),
      );
      const total = kernel.reduce((sum, value) => sum + value, 0);
      return affinities.reduce(
        (sum, p, pair) =>
          pair % (n + 1) === 0 ? sum : sum + p * Math.log((p * total) / (kernel[pair] as number)),
        0,
      );
    };
    const gradient = new Float64Array(2 * n);
    divergenceGradient(map, affinities, gradient);
    for (const [at, slope] of gradient.entries()) {
      const moved = (by: number): number =>
        divergence(map.map((value, k) => (k === at ? value + by : value)));
      expect(slope).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 8);
    }
  });
});

describe('principal scores', () => {
  it('find the long axis of a tilted cloud, the farthest point on its positive side', () => {
    const random = rng(5, 'cloud');
    const along = Array.from({ length: 50 }, () => 10 * random.normal());
    const points = Float64Array.from(
      along.flatMap((t) => [
        0.6 * t,
        -0.8 * t,
        ...Array.from({ length: width - 2 }, () => 0.1 * random.normal()),
      ]),
    );
    const scores = rowsOf(principalScores(points, width, 2), 2).map(([first]) => first as number);
    const middle = along.reduce((sum, t) => sum + t / along.length, 0);
    const sign = Math.sign((along[0] as number) - middle) * Math.sign(scores[0] as number);
    scores.forEach((score, i) => expect(score).toBeCloseTo(sign * ((along[i] as number) - middle), 0));
    expect(Math.max(...scores)).toBeGreaterThan(-Math.min(...scores));
  });
});

/**
 * An independent implementation of the descent in scikit-learn: full matrices, the gradient for each point by eq. 5 of
 * the t-SNE paper, and velocity and gains reset at the start of each phase.
 */
function descentByDefinition(points: Float64Array, schedule: readonly Phase[]): number[][] {
  const n = points.length / width;
  const affinities = rowsOf(jointAffinities(squaredDistances(points, width), n, perplexityFor(n)), n);
  const scores = rowsOf(principalScores(points, width, 2), 2);
  const deviation = Math.sqrt(scores.reduce((sum, [first = 0]) => sum + first ** 2 / n, 0));
  const map = scores.map((row) => row.map((score) => (1e-4 * score) / deviation));
  for (const { iterations, exaggeration, momentum } of schedule) {
    const velocity = map.map(() => [0, 0]);
    const gains = map.map(() => [1, 1]);
    for (let iteration = 0; iteration < iterations; iteration++) {
      const kernel = map.map((a, i) =>
        map.map((b, j) => (i === j ? 0 : 1 / (1 + Math.hypot(...a.map((x, d) => x - (b[d] ?? 0))) ** 2))),
      );
      const total = kernel.flat().reduce((sum, value) => sum + value, 0);
      const gradient = map.map((a, i) =>
        a.map((x, d) =>
          map.reduce((sum, b, j) => {
            const [p, k] = [exaggeration * (affinities[i]?.[j] ?? 0), kernel[i]?.[j] ?? 0];
            return sum + 4 * (p - k / total) * k * (x - (b[d] ?? 0));
          }, 0),
        ),
      );
      map.forEach((a, i) => {
        const [v, g, slope] = [velocity[i] ?? [], gains[i] ?? [], gradient[i] ?? []];
        for (const d of [0, 1]) {
          // The gain of a coordinate grows if velocity and gradient have opposite signs, that is, if the direction does
          // not change.
          const speeds = (v[d] ?? 0) * (slope[d] ?? 0) < 0;
          g[d] = Math.max(0.01, speeds ? (g[d] ?? 0) + 0.2 : (g[d] ?? 0) * 0.8);
          v[d] = momentum * (v[d] ?? 0) - Math.max(n / 48, 50) * (g[d] ?? 0) * (slope[d] ?? 0);
          a[d] = (a[d] ?? 0) + (v[d] ?? 0);
        }
      });
    }
  }
  return map;
}

describe('the descent', () => {
  it("has the phases and rates of scikit-learn's", () => {
    // method.md 9.3: 1000 iterations. The first 250 have exaggeration 12 and momentum 0.5, the others 1 and 0.8.
    expect(phases).toEqual([
      { iterations: 250, exaggeration: 12, momentum: 0.5 },
      { iterations: 750, exaggeration: 1, momentum: 0.8 },
    ]);
    expect([10, 2400, 4800].map(rateFor)).toEqual([50, 50, 100]);
  });

  it.each([
    ['exaggerated', [{ iterations: 12, exaggeration: 12, momentum: 0.5 }]],
    ['plain', [{ iterations: 12, exaggeration: 1, momentum: 0.8 }]],
    [
      'one phase after the other',
      [
        { iterations: 8, exaggeration: 12, momentum: 0.5 },
        { iterations: 8, exaggeration: 1, momentum: 0.8 },
      ],
    ],
  ])('goes where the definition goes: %s', (_, schedule) => {
    const points = clustered(18, 3);
    const expected = descentByDefinition(points, schedule).flat();
    const map = tsne(points, width, schedule);
    const farthest = Math.max(...expected.map(Math.abs));
    // The points have moved far from their start. So the comparison below tests the steps, and not only the start.
    expect(farthest).toBeGreaterThan(5e-4);
    map.forEach((value, at) =>
      expect(Math.abs(value - (expected[at] as number)) / farthest).toBeLessThan(1e-7),
    );
  });

  it('is by default the one of the phases', () => {
    const points = clustered(30, 3);
    expect(tsne(points, width)).toEqual(tsne(points, width, phases));
    expect(tsne(points, width)).not.toEqual(tsne(points, width, phases.slice(1)));
  });
});

describe('t-SNE', () => {
  it('keeps clusters together: neighbours in the map are of the same cluster', () => {
    const [n, clusters] = [150, 5];
    const points = clustered(n, clusters);
    const map = tsne(points, width);
    const distances = squaredDistances(map, 2);
    for (let i = 0; i < n; i++)
      for (const j of neighbours(distances, n, i).slice(0, 10)) expect(j % clusters).toBe(i % clusters);
    expect(trustworthiness(points, map, 12)).toBeGreaterThan(0.95);
  });

  it('gives the same map again, and none at random', () => {
    const points = clustered(60, 3);
    expect(tsne(points, width)).toEqual(tsne(points, width));
  });

  it('copes with few points, equal points and none', () => {
    expect(tsne(new Float64Array(0), width)).toHaveLength(0);
    expect([...tsne(new Float64Array(width), width)]).toEqual([0, 0]);
    expect([...tsne(new Float64Array(5 * width).fill(3), width)]).toEqual(new Array(10).fill(0));
    for (const n of [2, 3, 4]) {
      const map = tsne(clustered(n, n), width);
      expect(map.every(Number.isFinite)).toBe(true);
      expect(new Set(map).size).toBeGreaterThan(1);
    }
    expect([2, 4, 31, 91, 500].map(perplexityFor)).toEqual([1, 1, 10, 30, 30]);
  });

  it.each([
    ['clusters', clustered(200, 7, 2)],
    ['a bent sheet', bentSheet(160)],
  ])(`is as trustworthy as scikit-learn's: %s`, { timeout: 120_000 }, (_, points) => {
    const python = pythonWith('sklearn');
    if (python === null) return;
    const perplexity = perplexityFor(points.length / width);
    const map = tsne(points, width);
    const input = JSON.stringify({ points: rowsOf(points, width), map: rowsOf(map, 2), perplexity });
    const script = join(import.meta.dirname, '../support/tsne.py');
    const { status, stdout, stderr } = spawnSync(python, [script], { input, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    const { theirs, ours } = JSON.parse(stdout) as { theirs: number; ours: number };
    expect(Math.abs(ours - theirs)).toBeLessThan(0.02);
    expect(ours).toBeCloseTo(trustworthiness(points, map, 12), 3);
  });
});
