import { describe, expect, it } from 'vitest';
import { rng } from '../../src/pipeline/core/rng.js';
import {
  binsWithoutEvents,
  hazardBiases,
  hazardLoss,
  hazardTargets,
  type CensorCredit,
} from '../../src/operators/survival/discrete-hazards.js';
import { followUpOf } from '../../src/operators/survival/follow-up.js';
import { binCount, binOf, binsByEdges, binsByQuantiles } from '../../src/operators/survival/hazard-bins.js';
import { hazardRisk, survivalAt, survivalOfBins } from '../../src/operators/survival/hazard-curve.js';
import { logisticLoss, probability } from '../../src/operators/tensor/cross-entropy.js';
import { survivalCases, type TimesAndEvents } from '../support/survival-vectors.js';
import { vectorsFolder } from '../support/shared.js';

interface LossVector {
  readonly mean: number;
  readonly perPatient: readonly number[];
  readonly gradientOfSum: readonly (readonly number[])[];
}
interface HazardVector extends TimesAndEvents, Record<CensorCredit, LossVector> {
  readonly n: number;
  readonly innerEdges: readonly number[];
  readonly lastEdge: number;
  readonly logits: readonly (readonly number[])[];
  readonly bin: readonly number[];
  readonly survival: readonly (readonly number[])[];
  readonly risk: readonly number[];
  readonly at: readonly number[];
  readonly S_at: readonly (readonly number[])[];
}
const credits = ['half', 'full', 'none'] as const;
const close = (got: ArrayLike<number>, expected: readonly number[], digits = 10): void => {
  expect(got.length).toBe(expected.length);
  expected.forEach((value, i) => expect(got[i]).toBeCloseTo(value, digits));
};

describe.skipIf(vectorsFolder === null)('discrete hazards against reference vectors', () => {
  describe.each(survivalCases<HazardVector>('discrete_hazard'))('$n patients', (vector) => {
    const patients = followUpOf(vector.time, vector.event);
    const bins = binsByQuantiles(patients, vector.logits[0]?.length ?? 0);

    it('has the edges and bins', () => {
      close(bins.innerEdges, vector.innerEdges);
      expect(bins.lastEdge).toBe(vector.lastEdge);
      expect(vector.time.map((time) => binOf(bins, time))).toEqual(vector.bin);
    });

    it.each(credits)('has the loss and gradient of each patient, credit %s', (credit) => {
      const expected = vector[credit];
      const targets = hazardTargets(patients, bins, credit);
      const losses = targets.map((target, i) => hazardLoss(vector.logits[i] ?? [], target));
      close(
        losses.map(({ loss }) => loss),
        expected.perPatient,
      );
      losses.forEach(({ gradient }, i) => close(gradient, expected.gradientOfSum[i] ?? []));
      expect(losses.reduce((sum, { loss }) => sum + loss, 0) / vector.n).toBeCloseTo(expected.mean, 10);
    });

    it('has the survival, risk and curve of each patient', () => {
      vector.logits.forEach((logits, i) => {
        close(survivalOfBins(logits), vector.survival[i] ?? []);
        close(survivalAt(logits, bins, vector.at), vector.S_at[i] ?? []);
      });
      close(vector.logits.map(hazardRisk), vector.risk);
    });

    it('has gradients within 1e-5 when the logits are float32', () => {
      const targets = hazardTargets(patients, bins, 'half');
      targets.forEach((target, i) => {
        const { gradient } = hazardLoss(Float32Array.from(vector.logits[i] ?? []), target);
        vector.half.gradientOfSum[i]?.forEach((value, j) =>
          expect(Math.abs((gradient[j] ?? NaN) - value)).toBeLessThanOrEqual(1e-5 * Math.abs(value)),
        );
      });
    });
  });
});

describe('bins of time', () => {
  it('lie between the quantiles of event times; censored times do not count', () => {
    const bins = binsByQuantiles(followUpOf([10, 20, 30, 40, 50, 999], [1, 1, 1, 1, 1, 0]), 4);
    expect([...bins.innerEdges]).toEqual([20, 30, 40]);
    expect(bins).toMatchObject({ lastEdge: 999, notes: [] });
    expect([5, 20, 29.9, 40, 2000].map((time) => binOf(bins, time))).toEqual([0, 1, 1, 3, 3]);
  });

  it('merge equal edges and say so', () => {
    const bins = binsByQuantiles(followUpOf([7, 7, 7, 7, 9], [1, 1, 1, 1, 0]), 4);
    expect([...bins.innerEdges]).toEqual([7]);
    expect(bins.notes).toEqual([expect.stringContaining('2 time bins instead of 4')]);
  });

  it('take given edges up to the largest training time', () => {
    const bins = binsByEdges(followUpOf([100, 800], [1, 0]), [365, 730, 1095]);
    expect([...bins.innerEdges]).toEqual([365, 730]);
    expect(bins.notes).toEqual([expect.stringContaining('1 edge of time bins left out')]);
  });

  it('are refused without events, and edges that do not ascend', () => {
    expect(() => binsByQuantiles(followUpOf([1, 2], [0, 0]), 4)).toThrow(/None of 2 training patients/);
    expect(() => binsByEdges(followUpOf([1, 2], [1, 0]), [3, 3])).toThrow(RangeError);
    expect(() => binsByEdges(followUpOf([1, 2], [1, 0]), [0, 3])).toThrow(RangeError);
  });

  it('refuse times that are not above 0 and events that are neither', () => {
    for (const time of [0, -1, NaN, Infinity]) expect(() => followUpOf([time], [1])).toThrow(RangeError);
    expect(() => followUpOf([1], [2])).toThrow(RangeError);
    expect(() => followUpOf([1], [0.5])).toThrow(RangeError);
    expect(() => followUpOf([1, 2], [1])).toThrow(RangeError);
  });
});

describe('the loss of discrete hazards', () => {
  const stream = rng(1, 'hazards');
  const patients = followUpOf(
    Array.from({ length: 40 }, () => 1 + stream.int(30) * 10),
    Array.from({ length: 40 }, () => stream.int(2)),
  );
  const bins = binsByQuantiles(patients, 5);
  const logits = Array.from({ length: 40 }, () =>
    Array.from({ length: binCount(bins) }, () => stream.normal()),
  );

  it.each(credits)('has the gradient of central differences, credit %s', (credit) => {
    const step = 1e-5;
    hazardTargets(patients, bins, credit).forEach((target, i) => {
      const own = logits[i] ?? [];
      const { gradient } = hazardLoss(own, target);
      own.forEach((_, j) => {
        const moved = (by: number): number =>
          hazardLoss(
            own.map((h, k) => (k === j ? h + by : h)),
            target,
          ).loss;
        expect(gradient[j]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 8);
      });
    });
  });

  it('is the likelihood written with the survival of bins', () => {
    hazardTargets(patients, bins, 'half').forEach((target, i) => {
      const survival = survivalOfBins(logits[i] ?? []);
      const before = (k: number): number => (k === 0 ? 1 : (survival[k - 1] ?? NaN));
      const likelihood =
        target.event === 1 ? before(target.atRisk - 1) - before(target.atRisk) : before(target.atRisk);
      expect(hazardLoss(logits[i] ?? [], target).loss).toBeCloseTo(-Math.log(likelihood), 10);
    });
  });

  it('is logistic regression of "event before the edge" with one edge and no censoring', () => {
    const all = followUpOf([3, 8, 12], [1, 1, 1]);
    const one = binsByEdges(all, [10]);
    const [first, second, third] = hazardTargets(all, one, 'half').map((target) =>
      hazardLoss([0.7, -40], target),
    );
    for (const early of [first, second]) expect(early).toMatchObject(flat(logisticLoss(0.7, 1)));
    // The logit of the last bin is -40, so its hazard is nearly 0. A patient who survives this bin adds no loss for it.
    // A patient with the event in this bin adds softplus(40).
    expect((third?.loss ?? 0) - logisticLoss(-40, 1).loss).toBeCloseTo(logisticLoss(0.7, 0).loss, 10);
    expect(third?.gradient[0]).toBeCloseTo(probability(0.7), 12);
  });

  it('credits a censored patient with the last bin as configured', () => {
    const censored = followUpOf([4, 5, 14, 16, 1], [0, 0, 0, 0, 1]);
    const two = binsByEdges(followUpOf([1, 20], [1, 0]), [10]);
    const atRisk = (credit: CensorCredit): number[] =>
      hazardTargets(censored, two, credit).map(({ atRisk }) => atRisk);
    expect(atRisk('half')).toEqual([0, 1, 1, 2, 1]);
    expect(atRisk('full')).toEqual([1, 1, 2, 2, 1]);
    expect(atRisk('none')).toEqual([0, 0, 1, 1, 1]);
  });

  it('is finite for logits of any size', () => {
    const { loss, gradient } = hazardLoss([-800, 800], { atRisk: 2, event: 0 });
    expect([loss, ...gradient]).toEqual([800, 0, 1]);
  });
});

const flat = ({ loss, gradient }: { loss: number; gradient: number }) => ({
  loss,
  gradient: Float64Array.of(gradient, 0),
});

describe('the first biases', () => {
  it('are the logits of events / patients at risk, where the mean loss is smallest', () => {
    const patients = followUpOf([5, 5, 6, 15, 15, 30, 30], [1, 0, 1, 1, 0, 1, 0]);
    const bins = binsByEdges(patients, [10, 20]);
    const targets = hazardTargets(patients, bins, 'half');
    const biases = hazardBiases(targets, bins);
    close(biases.map(probability), [2 / 7, 1 / 4, 1 / 2], 12);
    const slopes = targets.map((target) => hazardLoss(biases, target).gradient);
    for (let j = 0; j < 3; j++)
      expect(slopes.reduce((sum, gradient) => sum + (gradient[j] ?? NaN), 0)).toBeCloseTo(0, 12);
  });

  it('are finite in bins without events, without survivors and without patients', () => {
    const patients = followUpOf([5, 25, 25], [0, 1, 1]);
    const bins = binsByEdges(followUpOf([5, 40], [1, 0]), [10, 20, 30]);
    const targets = hazardTargets(patients, bins, 'half');
    close(
      hazardBiases(targets, bins),
      [Math.log(0.5 / 3.5), Math.log(0.5 / 2.5), Math.log(2.5 / 0.5), 0],
      12,
    );
    expect(binsWithoutEvents(targets, bins)).toEqual([0, 1, 3]);
  });

  it('are finite when all events happen at one time', () => {
    const patients = followUpOf([7, 7, 7], [1, 1, 1]);
    const bins = binsByQuantiles(patients, 4);
    const biases = hazardBiases(hazardTargets(patients, bins, 'half'), bins);
    expect(biases.every(Number.isFinite)).toBe(true);
    // The last bin begins and ends on day 7.
    const [before = NaN, on = NaN, after = NaN] = survivalAt(biases, bins, [6.9, 7, 80]);
    expect(before).toBeGreaterThan(0.8);
    expect(on).toBeLessThan(0.2);
    expect(after).toBe(on);
  });
});

describe('the survival curve', () => {
  const bins = binsByEdges(followUpOf([1, 40], [1, 0]), [10, 20]);
  const logits = [-1, 0.5, -0.3];

  it('meets the bins at their ends and never rises', () => {
    const ends = survivalOfBins(logits);
    expect(survivalAt(logits, bins, [0])[0]).toBe(1);
    close(survivalAt(logits, bins, [10, 20, 40]), [...ends], 12);
    const curve = survivalAt(
      logits,
      bins,
      Array.from({ length: 200 }, (_, day) => day),
    );
    curve.forEach((survival, day) => expect(survival).toBeLessThanOrEqual(curve[day - 1] ?? 1));
  });

  it('has a constant hazard in a bin, and that of the last one beyond it', () => {
    const [, s20 = NaN, s40 = NaN] = survivalOfBins(logits);
    const [s15, s60] = survivalAt(logits, bins, [15, 60]);
    expect(s15).toBeCloseTo(Math.sqrt((survivalOfBins(logits)[0] ?? NaN) * s20), 12);
    expect(s60).toBeCloseTo((s40 / s20) * s40, 12);
  });

  it('refuses logits of another number of bins', () => {
    expect(() => survivalAt([0, 0], bins, [5])).toThrow(RangeError);
  });
});
