import { describe, expect, it } from 'vitest';
import { calibrated } from '../../src/operators/calibration/calibrated.js';
import { calibrationMapSchema } from '../../src/operators/calibration/calibration-data.js';
import { chooseThreshold } from '../../src/operators/calibration/choose-threshold.js';
import { fitCalibration } from '../../src/operators/calibration/fit-calibration.js';
import { fitIsotonic } from '../../src/operators/calibration/fit-isotonic.js';
import { fitPlatt } from '../../src/operators/calibration/fit-platt.js';
import { fitTemperature } from '../../src/operators/calibration/fit-temperature.js';
import { rng } from '../../src/pipeline/core/rng.js';

const logits = [-2.1, -1.7, -1.2, -1.2, -0.9, -0.6, -0.35, -0.1, 0, 0.2, 0.45, 0.8, 1.1, 1.1, 1.6, 2.4];
const labels = [0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 1, 1, 1] as const;
const words = { positive: 'deceased', negative: 'living' };
const fit = (
  y: readonly (0 | 1)[],
  x: readonly number[],
  calibration: 'none' | 'platt' | 'isotonic' | 'temperature',
) => fitCalibration(y, x, { calibration, threshold: 'youden' }, words);

describe('Platt scaling', () => {
  // Expected values from scikit-learn 1.9.1: LogisticRegression(C=inf, solver="newton-cholesky", tol=1e-13). Each
  // patient is given twice, as a case with weight t (the smoothed target) and as a control with weight 1 - t.
  it('equals a logistic regression on smoothed targets', () => {
    const { slope, intercept } = fitPlatt(labels, logits);
    expect(slope).toBeCloseTo(0.761936935048492, 11);
    expect(intercept).toBeCloseTo(-0.2551846139358365, 11);
  });

  it('is as exact for scores that hardly differ and lie far from 0', () => {
    const { slope, intercept } = fitPlatt(
      labels,
      logits.map((logit) => logit / 1000 + 3),
    );
    expect(slope / 761.9369350486403).toBeCloseTo(1, 8);
    expect(intercept / -2286.0659897598566).toBeCloseTo(1, 8);
  });

  // Expected values from scikit-learn 1.9.1: sklearn.calibration._sigmoid_calibration of the negated scores.
  it('finds a negative slope, and the calibration says so', () => {
    const against = logits.map((logit) => -logit);
    expect(fitPlatt(labels, against).slope).toBeCloseTo(-0.7619369352, 8);
    expect(fit(labels, against, 'platt').notes.join(' ')).toMatch(
      /negative slope: among validation patients, higher scores are more common with the outcome living/,
    );
    expect(fit(labels, logits, 'platt').notes).toEqual([]);
  });

  it('has no gradient left for separated classes and for extreme scores', () => {
    for (const scale of [1e-6, 1, 300]) {
      const scores = labels.map((y, i) => scale * ((y === 1 ? 1 : -1) + i / 100));
      const { slope, intercept } = fitPlatt(labels, scores);
      const targets = labels.map((y) => (y === 1 ? 8 / 9 : 1 / 11));
      const errors = scores.map((x, i) => 1 / (1 + Math.exp(-(slope * x + intercept))) - (targets[i] ?? 0));
      expect(Math.abs(errors.reduce((sum, error) => sum + error, 0))).toBeLessThan(1e-9);
      const first = errors.reduce((sum, error, i) => sum + (error * (scores[i] ?? 0)) / scale, 0);
      expect(Math.abs(first)).toBeLessThan(1e-9);
    }
  });
});

describe('isotonic regression', () => {
  // Expected values from scikit-learn 1.9.1: IsotonicRegression(y_min=0.5/16, y_max=1-0.5/16, out_of_bounds="clip").
  it('equals that of scikit-learn, between knots and outside of them', () => {
    const map = fitIsotonic(labels, logits);
    const asked = [-5, -2.1, -1.5, -1.2, -0.95, -0.2, 0.1, 0.3, 0.6, 1, 1.1, 1.3, 1.5, 2, 9];
    const expected = [
      ...[0.03125, 0.03125, 0.11874999999999998, 0.25, 0.25, 0.3333333333333333, 0.41666666666666663],
      ...[0.5, 0.5714285714285714, 0.6666666666666666, 0.6666666666666666, 0.7875, 0.9083333333333332],
      ...[0.96875, 0.96875],
    ];
    for (const [i, logit] of asked.entries())
      expect(calibrated(map, logit)).toBeCloseTo(expected[i] ?? 0, 14);
  });

  it('never falls, whatever the data, and keeps half a patient from 0 and 1', () => {
    const random = rng(11, 'isotonic');
    for (let draw = 0; draw < 50; draw++) {
      const count = 2 + random.int(40);
      const scores = Array.from({ length: count }, () => Math.round(random.normal() * 4) / 4);
      const map = fitIsotonic(
        scores.map(() => (random.int(2) === 1 ? 1 : 0)),
        scores,
      );
      const values = Array.from({ length: 200 }, (_, i) => calibrated(map, -4 + i / 25));
      expect(values.every((p, i) => p >= (values[i - 1] ?? 0))).toBe(true);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(0.5 / count);
      expect(Math.max(...values)).toBeLessThanOrEqual(1 - 0.5 / count);
    }
  });

  it('says when it is a constant', () => {
    const { notes, map } = fit(
      labels,
      labels.map((y, i) => (y === 1 ? -i : i)),
      'isotonic',
    );
    expect(map.kind).toBe('isotonic');
    expect(notes.join(' ')).toMatch(/one probability for all scores/);
  });
});

describe('temperature scaling', () => {
  // Expected value from scikit-learn 1.9.1: 1 / coefficient of LogisticRegression(C=inf, fit_intercept=False,
  // solver="newton-cholesky").
  it('equals a logistic regression without intercept', () => {
    expect(fitTemperature(labels, logits)?.temperature).toBeCloseTo(0.9539974687663608, 12);
    const hot = fitTemperature(
      labels,
      logits.map((logit) => 50 * logit),
    );
    expect(hot?.temperature).toBeCloseTo(50 * 0.9539974687663608, 10);
  });

  it('has no value where the least loss is at 0, or beyond infinity', () => {
    const right = labels.map((y) => (y === 1 ? 2 : -2));
    const wrong = logits.map((logit) => -logit);
    for (const scores of [right, wrong]) {
      expect(fitTemperature(labels, scores)).toBeNull();
      expect(fit(labels, scores, 'temperature')).toMatchObject({
        map: { kind: 'none' },
        notes: expect.arrayContaining([
          'Not calibrated: the loss has no minimum at a temperature above 0.',
        ]) as string[],
      });
    }
  });
});

describe('calibrated', () => {
  it('leaves a probability bit for bit without a map', () => {
    expect(calibrated({ kind: 'none' }, 0.3)).toBe(1 / (1 + Math.exp(-0.3)));
  });

  it('takes what was stored as JSON', () => {
    for (const kind of ['platt', 'isotonic', 'temperature'] as const) {
      const { map } = fit(labels, logits, kind);
      const stored = calibrationMapSchema.parse(JSON.parse(JSON.stringify(map)));
      for (const logit of [-40, -1, 0.123, 40])
        expect(calibrated(stored, logit)).toBe(calibrated(map, logit));
    }
  });

  it('refuses a logit that is NaN in an isotonic map', () => {
    expect(() => calibrated(fitIsotonic(labels, logits), Number.NaN)).toThrow(RangeError);
  });
});

describe('the threshold', () => {
  // Expected values from scikit-learn 1.9.1: roc_curve(drop_intermediate=False), the first threshold with the maximum
  // of tpr - fpr.
  it('is the one with the largest Youden index, the highest where several are equal', () => {
    const chosen = chooseThreshold(labels, logits, 'youden');
    expect(chosen?.threshold).toBe(0.2);
    expect((chosen?.sensitivity ?? 0) + (chosen?.specificity ?? 0) - 1).toBeCloseTo(0.4920634920634921, 14);
    expect(chooseThreshold([0, 1, 0, 1], [1, 2, 3, 4], 'youden')?.threshold).toBe(4);
  });

  it('is the highest that reaches a sensitivity', () => {
    expect(chooseThreshold(labels, logits, 5 / 7)?.threshold).toBe(0.2);
    expect(chooseThreshold(labels, logits, 0.72)?.threshold).toBe(-0.35);
    expect(chooseThreshold(labels, logits, 0.99)?.threshold).toBe(-1.2);
  });

  it('is not defined for one class', () => {
    expect(chooseThreshold([1, 1], [0.2, 0.4], 'youden')).toBeNull();
  });
});

describe('validation patients that carry no fit', () => {
  const platt = (y: readonly (0 | 1)[], x: readonly number[]) => fit(y, x, 'platt');

  it('give no map and the threshold 0.5, with the reason', () => {
    const few = platt(labels.slice(0, 9), logits.slice(0, 9));
    expect(few).toMatchObject({ map: { kind: 'none' }, threshold: 0.5, patients: 9, positive: 2 });
    expect(few.notes).toEqual([
      'Not calibrated, with threshold 0.5: there are fewer than 10 validation patients (2 deceased, 7 living).',
    ]);
    expect(platt(labels.slice(0, 10), logits.slice(0, 10)).map.kind).toBe('platt');
    expect(
      platt(
        labels.map(() => 0),
        logits,
      ).notes,
    ).toEqual([
      'Not calibrated, with threshold 0.5: the validation patients have one outcome only (0 deceased, 16 living).',
    ]);
    expect(platt([], []).notes.join()).toMatch(/no validation patient has a modality of the method/);
  });

  it('include those with one score', () => {
    const same = platt(
      labels,
      labels.map((_, i) => 0.7 + i * 1e-9),
    );
    expect(same.map).toEqual({ kind: 'none' });
    expect(same.notes).toEqual([
      'Not calibrated: all validation patients have the same score.',
      'The chosen threshold separates the validation patients no better than chance.',
    ]);
  });
});
