import { describe, expect, it } from 'vitest';
import { rng } from '../../src/pipeline/core/rng.js';
import { baselineHazardAt, coxBaseline, coxSurvivalAt } from '../../src/operators/survival/cox-baseline.js';
import { coxCurvature } from '../../src/operators/survival/cox-curvature.js';
import { coxLoss, coxOrder, type CoxTies } from '../../src/operators/survival/cox.js';
import { followUpOf } from '../../src/operators/survival/follow-up.js';
import { inventedFollowUp } from '../support/invented-follow-up.js';
import { vectorsFolder } from '../support/shared.js';
import { survivalCases, type TimesAndEvents } from '../support/survival-vectors.js';

interface CoxVector extends TimesAndEvents, Record<CoxTies, LossVector> {
  readonly n: number;
  readonly eta: readonly number[];
  readonly baseline: {
    readonly at: readonly number[];
    readonly H0: readonly number[];
    readonly eta: readonly number[];
    readonly S: readonly (readonly number[])[];
  };
}
interface LossVector {
  readonly negLogLik: number;
  readonly gradient: readonly number[];
  readonly perEvent: number;
}
const bothTies = ['breslow', 'efron'] as const;

describe.skipIf(vectorsFolder === null)('Cox against reference vectors', () => {
  describe.each(survivalCases<CoxVector>('cox'))('$n patients', (vector) => {
    const order = coxOrder(followUpOf(vector.time, vector.event));

    it.each(bothTies)('partial likelihood and gradient, %s', (ties) => {
      const expected = vector[ties];
      const got = coxLoss(order, vector.eta, ties);
      expect(got.negLogLik).toBeCloseTo(expected.negLogLik, 10);
      expect(got.perEvent).toBeCloseTo(expected.perEvent, 10);
      expected.gradient.forEach((value, i) => expect(got.gradient[i]).toBeCloseTo(value, 10));
    });

    it.each(bothTies)('gradient within 1e-5 of float32 linear predictors, %s', (ties) => {
      const { gradient } = coxLoss(order, Float32Array.from(vector.eta), ties);
      vector[ties].gradient.forEach((value, i) =>
        expect(Math.abs((gradient[i] ?? NaN) - value)).toBeLessThanOrEqual(1e-5 * Math.abs(value)),
      );
    });

    it('baseline hazard and survival', () => {
      const { at, H0, eta, S } = vector.baseline;
      const baseline = coxBaseline(followUpOf(vector.time, vector.event), vector.eta);
      at.forEach((days, k) => expect(baselineHazardAt(baseline, days)).toBeCloseTo(H0[k] ?? NaN, 10));
      eta.forEach((own, row) =>
        coxSurvivalAt(baseline, own, at).forEach((survival, k) =>
          expect(survival).toBeCloseTo(S[row]?.[k] ?? NaN, 10),
        ),
      );
    });
  });
});

describe("Cox's partial likelihood", () => {
  const stream = rng(3, 'cox');
  const patients = inventedFollowUp(stream, 60, 100);
  const order = coxOrder(patients);
  const eta = Float64Array.from({ length: 60 }, () => stream.normal());

  it.each(bothTies)('has the gradient of central differences, %s', (ties) => {
    const { gradient } = coxLoss(order, eta, ties);
    const step = 1e-5;
    eta.forEach((_, i) => {
      const moved = (by: number): number =>
        coxLoss(
          order,
          eta.map((own, k) => (k === i ? own + by : own)),
          ties,
        ).negLogLik;
      expect(gradient[i]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 7);
    });
  });

  it.each(bothTies)('has the curvature of central differences of the gradient, %s', (ties) => {
    const v = eta.map(() => stream.normal());
    const step = 1e-5;
    const moved = (by: number): Float64Array =>
      coxLoss(
        order,
        eta.map((own, k) => own + by * (v[k] ?? 0)),
        ties,
      ).gradient;
    const [up, down] = [moved(step), moved(-step)];
    coxCurvature(order, eta, ties)
      .times(v)
      .forEach((value, i) => expect(value).toBeCloseTo(((up[i] ?? 0) - (down[i] ?? 0)) / (2 * step), 7));
  });

  it.each(bothTies)('does not change when all linear predictors shift, however far, %s', (ties) => {
    const near = coxLoss(order, eta, ties);
    for (const by of [-2000, 900]) {
      const far = coxLoss(
        order,
        eta.map((own) => own + by),
        ties,
      );
      expect(far.negLogLik).toBeCloseTo(near.negLogLik, 8);
      far.gradient.forEach((value, i) => expect(value).toBeCloseTo(near.gradient[i] ?? NaN, 8));
    }
  });

  it('is finite for linear predictors that are far apart', () => {
    const { negLogLik, gradient } = coxLoss(
      coxOrder(followUpOf([1, 2, 3], [1, 1, 0])),
      [-900, 900, 0],
      'efron',
    );
    expect(negLogLik).toBeCloseTo(1800, 8);
    [-1, 1, 0].forEach((value, i) => expect(gradient[i]).toBeCloseTo(value, 10));
  });

  it('is that of a hand-computed example', () => {
    // All three patients are at risk on day 1, and the last two on day 2.
    const { negLogLik, perEvent } = coxLoss(
      coxOrder(followUpOf([1, 2, 3], [1, 1, 0])),
      [Math.log(2), 0, Math.log(3)],
      'breslow',
    );
    expect(negLogLik).toBeCloseTo(-(Math.log(2 / 6) + Math.log(1 / 4)), 12);
    expect(perEvent).toBeCloseTo(negLogLik / 2, 12);
  });

  it('treats two deaths of one day as Efron and Breslow do', () => {
    const tied = coxOrder(followUpOf([1, 1, 2], [1, 1, 0]));
    const eta3 = [0, 0, Math.log(2)];
    expect(coxLoss(tied, eta3, 'breslow').negLogLik).toBeCloseTo(2 * Math.log(4), 12);
    expect(coxLoss(tied, eta3, 'efron').negLogLik).toBeCloseTo(Math.log(4) + Math.log(3), 12);
  });

  it('has nothing to learn without events, and of nobody', () => {
    const none = coxLoss(coxOrder(followUpOf([1, 2], [0, 0])), [1, 2], 'efron');
    expect(none.perEvent).toBeNull();
    expect([none.negLogLik, ...none.gradient]).toEqual([0, 0, 0]);
    expect(coxLoss(coxOrder(followUpOf([], [])), [], 'efron').perEvent).toBeNull();
  });

  it('sums to a gradient of 0 over all patients, with all events at one time too', () => {
    for (const ties of bothTies) {
      const { gradient } = coxLoss(coxOrder(followUpOf([5, 5, 5, 9], [1, 1, 1, 0])), [1, 2, 3, 0], ties);
      expect(gradient.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 12);
    }
  });

  it('refuses linear predictors that are not finite', () => {
    for (const bad of [NaN, Infinity])
      expect(() => coxLoss(coxOrder(followUpOf([1, 2], [1, 0])), [bad, 0], 'efron')).toThrow(RangeError);
  });
});

describe('the baseline hazard', () => {
  it('is Nelson and Aalen without differences between patients', () => {
    const baseline = coxBaseline(followUpOf([1, 2, 2, 4], [1, 1, 1, 0]), [0, 0, 0, 0]);
    expect(baselineHazardAt(baseline, 0.5)).toBe(0);
    expect(baselineHazardAt(baseline, 1)).toBeCloseTo(1 / 4, 12);
    expect(baselineHazardAt(baseline, 3)).toBeCloseTo(1 / 4 + 2 / 3, 12);
    expect(baselineHazardAt(baseline, 400)).toBe(baselineHazardAt(baseline, 3));
  });

  it('gives the same survival when all linear predictors shift, however far', () => {
    const training = followUpOf([1, 2, 3], [1, 0, 1]);
    const near = coxSurvivalAt(coxBaseline(training, [0, 1, 0]), 0.5, [0.5, 1, 3]);
    const far = coxSurvivalAt(coxBaseline(training, [900, 901, 900]), 900.5, [0.5, 1, 3]);
    far.forEach((survival, k) => expect(survival).toBeCloseTo(near[k] ?? NaN, 10));
  });

  it('is 0, and survival 1, without events', () => {
    const baseline = coxBaseline(followUpOf([1, 2], [0, 0]), [0, 0]);
    expect(baselineHazardAt(baseline, 5)).toBe(0);
    expect([...coxSurvivalAt(baseline, 3, [5])]).toEqual([1]);
  });
});
