import { describe, expect, it } from 'vitest';
import type { AlignmentGroup } from '../../src/operators/stage2/alignment.js';
import { objectivesOf, signedCandidates } from '../../src/operators/stage2/alignment-objective.js';
import { signedAlignmentLoss, type SignedOptions } from '../../src/operators/stage2/signed-alignment.js';
import { loadConfig } from '../../src/pipeline/config/load.js';
import { rng } from '../../src/pipeline/core/rng.js';

const options: SignedOptions = { lambdaPD: 1, tau: 0.1, weight: 1 };

function randomGroup(seed: number, count: number, modalities: number, width: number): AlignmentGroup {
  const stream = rng(seed, 'group');
  const mask = Uint8Array.from({ length: count * modalities }, () => (stream.uniform() < 0.6 ? 1 : 0));
  const u = Float64Array.from({ length: count * modalities * width }, () => stream.normal());
  return { u, mask, modalities, width };
}

/** The loss, computed directly from its formulas, pair by pair. */
function byPairs(
  { u, mask, modalities, width }: AlignmentGroup,
  { lambdaPD, tau, weight }: SignedOptions,
): number {
  const unit = (v: readonly number[]) => v.map((x) => x / Math.hypot(...v));
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, x, d) => sum + x * (b[d] ?? NaN), 0);
  const patients = Array.from({ length: mask.length / modalities }, (_, i) =>
    Array.from({ length: modalities }, (_, m) => m)
      .filter((m) => mask[i * modalities + m] === 1)
      .map((m) => unit([...u.subarray((i * modalities + m) * width, (i * modalities + m + 1) * width)])),
  ).filter((vectors) => vectors.length > 0);
  let cosine = 0;
  for (const vectors of patients) {
    const pairs = vectors.flatMap((a, m) => vectors.slice(m + 1).map((b) => dot(a, b)));
    if (pairs.length > 0) cosine += 1 - pairs.reduce((sum, own) => sum + own, 0) / pairs.length;
  }
  const means = patients.map((vectors) =>
    unit(Array.from({ length: width }, (_, d) => vectors.reduce((sum, v) => sum + (v[d] ?? NaN), 0))),
  );
  let pd = 0;
  means.forEach((own, i) => {
    const terms = means.map((other) => Math.exp(dot(own, other) / tau));
    pd -= Math.log((terms[i] ?? NaN) / terms.reduce((sum, term) => sum + term, 0));
  });
  return weight * (cosine / patients.length + (lambdaPD * (means.length < 2 ? 0 : pd)) / means.length);
}

describe('the alignment that sees signs', () => {
  it.each([
    [1, 8, 4, 5],
    [2, 3, 2, 6],
    [3, 1, 5, 4],
  ])(
    'is the sum over pairs and patients, and its gradient that of central differences (seed %d)',
    (seed, ...shape) => {
      const group = randomGroup(seed, ...shape);
      const own = { lambdaPD: 0.7, tau: 0.3, weight: 1.5 };
      const { total, gradient } = signedAlignmentLoss(group, own);
      expect(total).toBeCloseTo(byPairs(group, own), 12);
      const step = 1e-6;
      group.u.forEach((_, at) => {
        const shifted = (by: number) =>
          byPairs({ ...group, u: Float64Array.from(group.u, (x, k) => (k === at ? x + by : x)) }, own);
        const slope =
          group.mask[Math.floor(at / group.width)] === 1 ? (shifted(step) - shifted(-step)) / (2 * step) : 0;
        expect(gradient[at]).toBeCloseTo(slope, 7);
      });
    },
  );

  it('tells opposite vectors from equal ones, which singular values do not', () => {
    const one = (second: readonly number[]): AlignmentGroup => ({
      u: Float64Array.from([1, 2, ...second]),
      ...{ mask: Uint8Array.of(1, 1), modalities: 2, width: 2 },
    });
    expect(signedAlignmentLoss(one([3, 6]), options).cosine).toBeCloseTo(0, 12);
    expect(signedAlignmentLoss(one([-3, -6]), options).cosine).toBeCloseTo(2, 12);
    expect(signedAlignmentLoss(one([-2, 1]), options).cosine).toBeCloseTo(1, 12);
  });

  it('leaves out vectors and sums of length 0, and patients without any modality', () => {
    const group: AlignmentGroup = {
      u: Float64Array.from([0, 0, 1, 0, /**/ 1, 0, -1, 0, /**/ 5, 5, 5, 5, /**/ 0, 1, 1, 1]),
      mask: Uint8Array.of(1, 1, 1, 1, 0, 0, 1, 1),
      ...{ modalities: 2, width: 2 },
    };
    const { total, gradient } = signedAlignmentLoss(group, options);
    expect(Number.isFinite(total)).toBe(true);
    expect(gradient.every(Number.isFinite)).toBe(true);
    expect([...gradient.subarray(0, 2), ...gradient.subarray(8, 12)]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('pulls vectors together when the loss is followed downhill', () => {
    let group = randomGroup(5, 6, 4, 8);
    const before = signedAlignmentLoss(group, options).cosine;
    for (let k = 0; k < 300; k++) {
      const { gradient } = signedAlignmentLoss(group, options);
      group = { ...group, u: Float64Array.from(group.u, (x, at) => x - 0.5 * (gradient[at] ?? NaN)) };
    }
    expect(signedAlignmentLoss(group, options).cosine).toBeLessThan(before / 3);
  });
});

describe('the candidates of the signed alignment', () => {
  const errorsOf = (text: string): string => {
    try {
      loadConfig({ text: `name: demo\n${text}` });
      return '';
    } catch (error) {
      return String(error);
    }
  };

  it('are all combinations, one by default', () => {
    const { config } = loadConfig({ text: 'name: demo' });
    expect(signedCandidates(config.signed)).toEqual([{ lambdaPD: 1, tau: 0.1 }]);
    expect(signedCandidates({ lambdaPD: [0, 1], tau: [0.1, 1] })).toHaveLength(4);
    expect(objectivesOf('signed', { ...config, signed: { lambdaPD: [0, 1], tau: [0.1] } }, [])).toHaveLength(
      2,
    );
    expect(objectivesOf('svd', config, [])).toHaveLength(1);
  });

  it('are few, and chosen by a probe', () => {
    expect(errorsOf('signed: { lambdaPD: [0, 1, 2], tau: [0.1, 1] }')).toContain('at most 4');
    expect(errorsOf('signed: { tau: [0.1, 1] }\nschedule: joint')).toContain('schedule: joint trains one');
    expect(errorsOf('signed: { tau: [0.1, 1] }\nalign: { monitor: valLoss }')).toContain('has no probe');
    expect(errorsOf('signed: { tau: [0.1, 1] }')).toBe('');
  });
});
