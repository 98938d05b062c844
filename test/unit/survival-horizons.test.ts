import { describe, expect, it } from 'vitest';
import { rng } from '../../src/pipeline/core/rng.js';
import {
  brierAt,
  brierCurve,
  integratedBrier,
  integrationTimes,
} from '../../src/operators/survival/brier.js';
import { censoringOf } from '../../src/operators/survival/censoring.js';
import { dCalibration } from '../../src/operators/survival/d-calibration.js';
import { dynamicAuc } from '../../src/operators/survival/dynamic-auc.js';
import { followUpOf, year, type FollowUp } from '../../src/operators/survival/follow-up.js';
import { horizonCalibration } from '../../src/operators/survival/horizon-calibration.js';
import { kaplanMeier, survivalSteps } from '../../src/operators/survival/kaplan-meier.js';
import { measured, notDefined } from '../../src/operators/survival/measure.js';
import { valueAt } from '../../src/operators/survival/step-function.js';
import { vectorsFolder } from '../support/shared.js';
import { survivalCases, type TimesAndEvents } from '../support/survival-vectors.js';

const followUp = ({ time, event }: TimesAndEvents): FollowUp => followUpOf(time, event);
/** Nobody is censored before day 9999, so the censoring weights of all patients are 1. */
const complete = censoringOf(followUpOf([1, 9999], [1, 1]));

describe.skipIf(vectorsFolder === null)('scores at horizons against reference vectors', () => {
  interface AucVector {
    readonly n: number;
    readonly train: TimesAndEvents;
    readonly test: TimesAndEvents & { readonly risk: readonly number[] };
    readonly times: readonly number[];
    readonly auc: readonly number[];
  }
  it.each(survivalCases<AucVector>('cumulative_dynamic_auc'))('AUC of $n patients', (vector) => {
    const test = followUp(vector.test);
    const censoring = censoringOf(followUp(vector.train));
    for (const [k, days] of vector.times.entries())
      expect(dynamicAuc(test, vector.test.risk, censoring, days).value).toBeCloseTo(vector.auc[k] ?? NaN, 10);
  });

  interface BrierVector {
    readonly n: number;
    readonly train: TimesAndEvents;
    readonly test: TimesAndEvents;
    readonly times: readonly number[];
    readonly S: readonly (readonly number[])[];
    readonly brier: readonly number[];
    readonly ibs: number;
  }
  it.each(survivalCases<BrierVector>('brier_ipcw'))('Brier scores of $n patients', (vector) => {
    const censoring = censoringOf(followUp(vector.train));
    const { scores, integrated } = brierCurve(
      followUp(vector.test),
      (patient) => vector.S[patient] ?? [],
      Float64Array.from(vector.times),
      censoring,
    );
    scores.forEach(({ value }, k) => expect(value).toBeCloseTo(vector.brier[k] ?? NaN, 10));
    expect(integrated.value).toBeCloseTo(vector.ibs, 10);
  });
});

describe('the cumulative/dynamic AUC', () => {
  const test = followUpOf([1, 2, 3, 4], [1, 0, 1, 0]);

  it('compares events by the horizon with patients observed beyond; the others take no part', () => {
    expect(dynamicAuc(test, [2, 9, 1, 1], complete, 3).value).toBe((1 + 0.5) / 2);
    // The horizon is day 1. The first patient has the event on day 1 and counts as a case.
    expect(dynamicAuc(test, [2, 9, 3, 1], complete, 1).value).toBe(1 / 3);
  });

  it('weighs events by the chance to be observed', () => {
    const halfLeave = censoringOf(followUpOf([2, 9], [0, 1]));
    expect(dynamicAuc(test, [0, 9, 2, 1], halfLeave, 3).value).toBeCloseTo(2 / 3, 12);
  });

  it.each([
    ['no event by 0.5 days', 0.5, complete],
    ['nobody is observed beyond 4 days', 4, complete],
    [
      '1 event after the last time at which the censoring of the training patients is known',
      3,
      censoringOf(followUpOf([2], [1])),
    ],
  ])('is undefined: %s', (reason, horizon, censoring) => {
    expect(dynamicAuc(test, [1, 2, 3, 4], censoring, horizon)).toEqual({ value: null, reason });
  });

  it('refuses risks that are no numbers', () => {
    expect(() => dynamicAuc(test, [1, NaN, 2, 3], complete, 3)).toThrow(RangeError);
  });
});

describe('the Brier score', () => {
  it('is the mean squared error when nobody is censored', () => {
    const test = followUpOf([1, 5, 9], [1, 1, 1]);
    expect(brierAt(test, [0.2, 0.7, 0.9], 5, complete).value).toBeCloseTo(
      (0.2 ** 2 + 0.7 ** 2 + 0.1 ** 2) / 3,
      12,
    );
  });

  it('weighs by the chance to be observed, and leaves out who was censored before', () => {
    const censoring = censoringOf(followUpOf([2, 9], [0, 1]));
    const test = followUpOf([1, 2, 4, 9], [1, 0, 1, 1]);
    const expected = (0.3 ** 2 + 0.5 ** 2 / 0.5 + 0.4 ** 2 / 0.5) / 4;
    expect(brierAt(test, [0.3, 0.4, 0.5, 0.6], 5, censoring).value).toBeCloseTo(expected, 12);
  });

  it('is undefined beyond the follow-up of test or training patients', () => {
    const test = followUpOf([1, 5], [1, 0]);
    expect(brierAt(test, [0, 1], 5, complete).reason).toBe('nobody is observed beyond 5 days');
    expect(brierAt(test, [0, 1], 4, censoringOf(followUpOf([2], [1]))).reason).toBe(
      'the censoring of the training patients is not known at 4 days',
    );
    expect(brierAt(followUpOf([], []), [], 4, complete).value).toBeNull();
  });

  it('refuses a survival that is no probability', () => {
    for (const bad of [NaN, -0.1, 1.1])
      expect(() => brierAt(followUpOf([1, 5], [1, 0]), [0.5, bad], 2, complete)).toThrow(RangeError);
  });

  it('is integrated every quarter of a year from half a year to the last usable time', () => {
    const test = followUpOf([100, 400, 2 * year], [1, 1, 0]);
    const all = integrationTimes(followUpOf([1, 9000], [1, 0]), complete);
    expect(all.length).toBe(19);
    expect([all[0], all[18]]).toEqual([year / 2, 5 * year]);
    const quarters = [...integrationTimes(test, complete)].map((days) => days / year);
    expect(quarters).toEqual([0.5, 0.75, 1, 1.25, 1.5, 1.75]);
    const early = censoringOf(followUpOf([year, 1.2 * year], [1, 1]));
    expect(integrationTimes(test, early).length).toBe(3);
    expect(integrationTimes(followUpOf([100], [1]), complete).length).toBe(0);
  });

  it('has an integral of the trapezoid rule, or a reason', () => {
    expect(integratedBrier([1, 2, 4], [0.1, 0.3, 0.2].map(measured)).value).toBeCloseTo((0.2 + 0.5) / 3, 12);
    expect(integratedBrier([1], [measured(0.1)]).value).toBeNull();
    expect(integratedBrier([1, 2], [measured(0.1), notDefined('why')]).reason).toBe('why');
  });

  it('is better for the truth than for the Kaplan-Meier curve of all', () => {
    const stream = rng(2, 'brier');
    const rates = Array.from({ length: 400 }, () => Math.exp(stream.normal()) / 800);
    const died = rates.map((rate) => -Math.log(1 - stream.uniform()) / rate);
    const left = rates.map(() => -1500 * Math.log(1 - stream.uniform()));
    const patients = followUpOf(
      died.map((days, i) => Math.min(days, left[i] ?? 0)),
      died.map((days, i) => (days <= (left[i] ?? 0) ? 1 : 0)),
    );
    const censoring = censoringOf(patients);
    const times = integrationTimes(patients, censoring);
    const km = survivalSteps(kaplanMeier(patients));
    const own = brierCurve(
      patients,
      (i, days) => days.map((t) => Math.exp(-(rates[i] ?? 0) * t)),
      times,
      censoring,
    );
    const reference = brierCurve(patients, (_, days) => days.map((t) => valueAt(km, t)), times, censoring);
    expect(own.integrated.value ?? NaN).toBeLessThan((reference.integrated.value ?? NaN) - 0.02);
  });
});

describe('D-calibration', () => {
  it('counts events by their survival and spreads censored patients over the bins below', () => {
    const test = followUpOf([1, 1, 1], [1, 0, 1]);
    const { bins } = dCalibration(test, [0.95, 0.25, 1]);
    expect([...bins].map((count) => Math.round(count * 1e9) / 1e9)).toEqual([
      0.4, 0.4, 0.2, 0, 0, 0, 0, 0, 0, 2,
    ]);
    expect(bins.reduce((sum, count) => sum + count, 0)).toBeCloseTo(3, 12);
  });

  it('has chi-square 0 and p 1 when each bin holds a tenth', () => {
    const survival = Array.from({ length: 20 }, (_, i) => (i + 0.5) / 20);
    const test = followUpOf(
      survival.map(() => 1),
      survival.map(() => 1),
    );
    expect(dCalibration(test, survival)).toMatchObject({ chiSquare: 0, p: 1, degrees: 9, reason: null });
    // All 20 patients are in the same one of 10 bins. 2 are expected in each, so chi-square is (20 - 2)^2 / 2 + 9 * 2.
    expect(
      dCalibration(
        test,
        survival.map(() => 0),
      ).chiSquare,
    ).toBeCloseTo(180, 10);
  });

  it('is undefined without patients, and refuses what is no probability', () => {
    expect(dCalibration(followUpOf([], []), [])).toMatchObject({
      chiSquare: null,
      p: null,
      reason: 'no patients',
    });
    expect(() => dCalibration(followUpOf([1], [1]), [NaN])).toThrow(RangeError);
  });
});

describe('calibration at a horizon', () => {
  const test = followUpOf([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 0, 1]);

  it('compares mean predictions with 1 - Kaplan-Meier of groups of equal size', () => {
    const { groups, all, observedToExpected } = horizonCalibration(
      test,
      [0.6, 0.5, 0.1, 0.2, 0.3, 0.4],
      4,
      2,
    );
    expect(groups.map(({ patients, events }) => [patients, events])).toEqual([
      [3, 1],
      [3, 3],
    ]);
    expect(groups[0]?.predicted).toBeCloseTo(0.2, 12);
    expect(groups[0]?.observed.value).toBeCloseTo(1 / 2, 12);
    expect(groups[1]?.observed.value).toBeCloseTo(2 / 3, 12);
    const [low = NaN, high = NaN] = groups[1]?.ci95 ?? [];
    expect(low).toBeLessThan(2 / 3);
    expect(high).toBeGreaterThan(2 / 3);
    const observed = 1 - (5 / 6) * (4 / 5) * (2 / 3);
    expect(all?.observed.value).toBeCloseTo(observed, 12);
    expect(observedToExpected.value).toBeCloseTo(observed / 0.35, 12);
  });

  it('keeps equal predictions in one group', () => {
    const { groups } = horizonCalibration(test, [0.3, 0.3, 0.3, 0.3, 0.3, 0.4], 4, 3);
    expect(groups.map(({ patients }) => patients)).toEqual([5, 1]);
  });

  it('is undefined in groups whose follow-up ends before', () => {
    const { groups } = horizonCalibration(test, [0.6, 0.5, 0.2, 0.4, 0.1, 0.3], 5.5, 3);
    expect(groups[0]?.observed).toEqual({
      value: null,
      reason: '5.5 days is beyond the follow-up of 5 days',
    });
    expect(groups[0]?.ci95).toBeNull();
  });

  it('has nothing of nobody', () => {
    expect(horizonCalibration(followUpOf([], []), [], 5)).toEqual({
      horizon: 5,
      all: null,
      observedToExpected: { value: null, reason: 'no patients' },
      groups: [],
    });
  });
});
