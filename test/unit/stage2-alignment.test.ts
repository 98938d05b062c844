import { describe, expect, it } from 'vitest';
import { rng } from '../../src/pipeline/core/rng.js';
import {
  alignmentLoss,
  type AlignmentGroup,
  type AlignmentOptions,
} from '../../src/operators/stage2/alignment.js';
import { symmetricEigen } from '../../src/operators/stage2/jacobi.js';
import { vectorCases, vectorsFolder } from '../support/shared.js';

const defaults: AlignmentOptions = {
  tauSv: 1,
  tauPd: 1,
  lambdaPD: 0.01,
  weight: 1,
  normalize: true,
  sign: 'sum',
};

/** Makes a group from `matrices[b][d][m]`: patient b, element d of the vector of modality m. */
function groupOf(
  matrices: readonly (readonly (readonly number[])[])[],
  mask: readonly (readonly number[])[],
): AlignmentGroup {
  const width = matrices[0]?.length ?? 0;
  const modalities = mask[0]?.length ?? 0;
  const u = matrices.flatMap((rows) =>
    Array.from({ length: modalities }, (_, m) => rows.map((row) => row[m] as number)).flat(),
  );
  return { u: Float64Array.from(u), mask: Uint8Array.from(mask.flat()), modalities, width };
}

/** Converts a gradient [patients, modalities, width] to the order `[b][d][m]`. */
const matricesOf = (gradient: Float64Array, { modalities, width }: AlignmentGroup): number[][][] =>
  Array.from({ length: gradient.length / (modalities * width) }, (_, b) =>
    Array.from({ length: width }, (_, d) =>
      Array.from({ length: modalities }, (_, m) => gradient[(b * modalities + m) * width + d] as number),
    ),
  );

function worstDifference(actual: unknown, wanted: unknown): number {
  if (typeof actual === 'number' && typeof wanted === 'number') return Math.abs(actual - wanted);
  const [a, w] = [Array.from(actual as ArrayLike<unknown>), Array.from(wanted as ArrayLike<unknown>)];
  expect(a.length).toBe(w.length);
  return a.reduce<number>((worst, value, i) => Math.max(worst, worstDifference(value, w[i])), 0);
}

function randomGroup(seed: number, count: number, modalities: number, width: number): AlignmentGroup {
  const stream = rng(seed, 'group');
  const mask = Uint8Array.from({ length: count * modalities }, () => (stream.uniform() < 0.7 ? 1 : 0));
  for (let i = 0; i < count; i++) mask[i * modalities + stream.int(modalities)] = 1;
  const u = Float64Array.from({ length: count * modalities * width }, () => stream.normal() + 0.5);
  return { u, mask, modalities, width };
}

describe('the golden batch of method.md 5.5', () => {
  const A = [
    [1, 0.5, 0],
    [0, 1, 0.25],
    [0.5, 0, 1],
    [0.25, 0.25, 0.25],
  ];
  const C = [
    [0.2, 1, 0],
    [1, 0.1, 0.3],
    [0, 0.4, 1],
    [0.5, 0.5, 0],
  ];
  const sharp = { ...defaults, tauSv: 0.1, tauPd: 0.1, lambdaPD: 1 };

  it.each([
    ['G1', defaults, [1, 1, 1], 0.793578986, 0.786735541, 0.684344447],
    ['G2', defaults, [1, 0, 1], 0.677034071, 0.6708532, 0.618087116],
    ['G3', sharp, [0, 1, 0], 0.221661566, 0.005445593, 0.216215973],
  ] as const)('%s has the printed losses', (_, options, mask, total, sv, pd) => {
    const loss = alignmentLoss(groupOf([A, C], [[1, 1, 1], mask]), options);
    expect(loss.total).toBeCloseTo(total, 8);
    expect(loss.sv).toBeCloseTo(sv, 8);
    expect(loss.pd).toBeCloseTo(pd, 8);
  });

  it('G1 has the printed singular values, leading vectors and gradients', () => {
    const group = groupOf(
      [A, C],
      [
        [1, 1, 1],
        [1, 1, 1],
      ],
    );
    const { sigma, q1, gradient } = alignmentLoss(group, defaults);
    const printed = {
      sigma: [
        [1.3312284, 0.8625343, 0.6956045],
        [1.2937729, 0.8676427, 0.7571973],
      ],
      q1: [
        [0.5908393, 0.4509058, 0.6026466, 0.290534],
        [0.4805757, 0.5498229, 0.5562184, 0.3966898],
      ],
      gradient: [
        [
          [0.0401572, -0.0662204, -0.1551601],
          [-0.124887, 0.0408252, -0.0695077],
          [-0.0656112, -0.138554, 0.0248146],
          [-0.0294063, -0.0308599, -0.0297506],
        ],
        [
          [-0.0885248, 0.0502193, -0.1217324],
          [0.0266798, -0.1258946, -0.0884991],
          [-0.1390192, -0.0740342, 0.0265497],
          [-0.0179497, -0.0160324, -0.1004976],
        ],
      ],
    };
    expect(worstDifference(sigma, printed.sigma)).toBeLessThan(1e-7);
    expect(worstDifference(q1, printed.q1)).toBeLessThan(1e-7);
    expect(worstDifference(matricesOf(gradient, group), printed.gradient)).toBeLessThan(1e-7);
  });

  it('G3 gives an absent modality no gradient', () => {
    const group = groupOf(
      [A, C],
      [
        [1, 1, 1],
        [0, 1, 0],
      ],
    );
    const gradient = matricesOf(alignmentLoss(group, sharp).gradient, group);
    const columnOnly = [-0.2105846, 0.6182746, 0.5134731, -0.1132641].map((value) => [0, value, 0]);
    expect(worstDifference(gradient[1], columnOnly)).toBeLessThan(1e-7);
    expect(worstDifference(gradient[0]?.[0], [0.1024477, 0.3208713, 0.1579993])).toBeLessThan(1e-7);
  });
});

interface SvdCase {
  name: string;
  U: number[][][];
  mask: number[][];
  results: {
    unit_columns: boolean;
    tau: number;
    sigma: number[][];
    q1: number[][];
    L_SV: number;
    L_PD: number;
    grad_L_SV: number[][][];
    grad_L_PD: number[][][];
  }[];
}

describe.skipIf(vectorsFolder === null)('alignment against PyTorch', () => {
  const cases = vectorCases<SvdCase>('svd_alignment').flatMap(({ name, U, mask, results }) =>
    results.map((result) => ({
      name: `${name}, unit columns ${result.unit_columns}, tau ${result.tau}`,
      U,
      mask,
      result,
    })),
  );
  it.each(cases)('$name', ({ U, mask, result }) => {
    const given = groupOf(U, mask);
    // The reference divides vectors by their length; our code adds 1e-8 to the length. For huge vectors this makes no
    // difference. The loss does not depend on the scale, and the gradient is inversely proportional to it.
    const scale = result.unit_columns ? 2 ** 30 : 1;
    const group = { ...given, u: given.u.map((value) => value * scale) };
    const options = { ...defaults, tauSv: result.tau, tauPd: result.tau, normalize: result.unit_columns };
    const sv = alignmentLoss(group, { ...options, lambdaPD: 0 });
    const both = alignmentLoss(group, { ...options, lambdaPD: 1 });
    expect(worstDifference(sv.sigma, result.sigma)).toBeLessThan(1e-9);
    expect(worstDifference(sv.q1, result.q1)).toBeLessThan(1e-9);
    expect(Math.abs(sv.sv - result.L_SV)).toBeLessThan(1e-9);
    expect(Math.abs(both.pd - result.L_PD)).toBeLessThan(1e-9);
    const svGradient = sv.gradient.map((value) => value * scale);
    const pdGradient = both.gradient.map((value, i) => value * scale - (svGradient[i] as number));
    expect(worstDifference(matricesOf(svGradient, group), result.grad_L_SV)).toBeLessThan(1e-9);
    expect(worstDifference(matricesOf(pdGradient, group), result.grad_L_PD)).toBeLessThan(1e-9);
  });
});

describe('the alignment gradient', () => {
  const variants = [
    { tauSv: 1, tauPd: 1, lambdaPD: 0.01 },
    { tauSv: 0.1, tauPd: 0.1, lambdaPD: 1 },
    { normalize: false, lambdaPD: 1 },
    { sign: 'invariant', lambdaPD: 1, tauPd: 0.2 },
    { weight: 0.25, lambdaPD: 0.5 },
  ] as const;
  it.each(variants)('is the slope of the loss along random directions, with %o', (variant) => {
    const options = { ...defaults, ...variant };
    for (let seed = 0; seed < 10; seed++) {
      const group = randomGroup(seed, 1 + (seed % 6), 1 + (seed % 7), 9);
      const stream = rng(seed, 'direction');
      const direction = group.u.map(() => stream.normal());
      const along = (step: number): number =>
        alignmentLoss(
          { ...group, u: group.u.map((value, i) => value + step * (direction[i] as number)) },
          options,
        ).total;
      const step = 1e-6;
      const numeric = (along(step) - along(-step)) / (2 * step);
      const { gradient } = alignmentLoss(group, options);
      const analytic = gradient.reduce((sum, value, i) => sum + value * (direction[i] as number), 0);
      expect(Math.abs(analytic - numeric)).toBeLessThan(1e-6 * Math.max(1, Math.abs(numeric)));
    }
  });

  it('stays finite, and counts the patient, when the two largest singular values tie', () => {
    const loss = alignmentLoss(
      groupOf(
        [
          [
            [1, 0],
            [0, 1],
          ],
        ],
        [[1, 1]],
      ),
      { ...defaults, lambdaPD: 1 },
    );
    expect(loss.degenerate).toBe(1);
    expect(loss.gradient.every(Number.isFinite)).toBe(true);
  });

  it('is zero for one observed modality, and for a vector of zeros', () => {
    const single = alignmentLoss(groupOf([[[3], [4]]], [[1]]), defaults);
    expect([single.sv, single.pd]).toEqual([0, 0]);
    expect(Math.max(...single.gradient.map(Math.abs))).toBeLessThan(1e-12);
    const zero = alignmentLoss(
      groupOf(
        [
          [
            [0, 1],
            [0, 0],
          ],
        ],
        [[1, 1]],
      ),
      { ...defaults, lambdaPD: 1 },
    );
    expect([zero.gradient[0], zero.gradient[1]]).toEqual([0, 0]);
    expect(zero.gradient.every(Number.isFinite)).toBe(true);
  });

  it('leaves out a patient without modalities', () => {
    const [one, other] = [
      [
        [1, 0.2],
        [0.1, 1],
      ],
      [
        [0.3, 1],
        [1, 0.5],
      ],
    ];
    const with3 = alignmentLoss(
      groupOf(
        [one, other, one],
        [
          [1, 1],
          [1, 1],
          [0, 0],
        ],
      ),
      defaults,
    );
    const with2 = alignmentLoss(
      groupOf(
        [one, other],
        [
          [1, 1],
          [1, 1],
        ],
      ),
      defaults,
    );
    expect(with3.total).toBe(with2.total);
    expect([...with3.gradient.subarray(8)]).toEqual([0, 0, 0, 0]);
    expect(with3.q1[2]).toBeNull();
  });
});

describe('the sign of the leading vector', () => {
  it('follows the first modality when the column sum does not decide', () => {
    // Two unit vectors with a negative inner product. Their right singular vector v1 (method.md 5) is (1, -1) / sqrt 2.
    // The sum of its elements is zero, so the sum cannot decide the sign.
    const { q1 } = alignmentLoss(
      groupOf(
        [
          [
            [1, -0.8],
            [0, 0.6],
          ],
        ],
        [[1, 1]],
      ),
      defaults,
    );
    expect(q1[0]?.[0]).toBeGreaterThan(0);
  });

  it('does not change the loss of rule "invariant" when a patient is mirrored', () => {
    const group = randomGroup(3, 4, 5, 6);
    const mirrored = { ...group, u: group.u.map((value, i) => (i < 30 ? -value : value)) };
    const options = { ...defaults, sign: 'invariant', lambdaPD: 1 } as const;
    expect(alignmentLoss(mirrored, options).total).toBeCloseTo(alignmentLoss(group, options).total, 12);
  });
});

describe('symmetricEigen', () => {
  it('rebuilds the matrix from sorted eigenvalues and orthonormal vectors', () => {
    for (let k = 1; k <= 7; k++) {
      const stream = rng(k, 'matrix');
      const matrix = new Float64Array(k * k);
      for (let i = 0; i < k; i++)
        for (let j = 0; j <= i; j++)
          matrix[i * k + j] = matrix[j * k + i] = stream.normal() + (i === j ? 9 : 0);
      const { values, vectors } = symmetricEigen(matrix.slice(), k);
      expect([...values]).toEqual([...values].sort((a, b) => b - a));
      const entry = (weights: ArrayLike<number>, i: number, j: number): number =>
        Array.from(weights).reduce<number>(
          (sum, w, c) => sum + w * (vectors[i * k + c] as number) * (vectors[j * k + c] as number),
          0,
        );
      for (let i = 0; i < k; i++)
        for (let j = 0; j < k; j++) {
          expect(entry(values, i, j)).toBeCloseTo(matrix[i * k + j] as number, 12);
          expect(entry(new Float64Array(k).fill(1), i, j)).toBeCloseTo(i === j ? 1 : 0, 13);
        }
    }
  });
});
