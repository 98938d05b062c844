import { describe, expect, it } from 'vitest';
import { innerFoldsOf } from '../../src/operators/classic/fit-ridge.js';
import { profiledCurvature, profiledLoss, bestIntercept } from '../../src/operators/classic/logistic-loss.js';
import {
  defaultLambdas,
  fitLogisticRidge,
  logisticLogits,
} from '../../src/operators/classic/logistic-ridge.js';
import { rowsAt, type Matrix } from '../../src/operators/survival/matrix.js';
import { standardised } from '../../src/operators/survival/ridge-basis.js';
import { probability } from '../../src/operators/tensor/cross-entropy.js';
import { auc } from '../../src/operators/stats/auc.js';
import { mean } from '../../src/operators/stats/spread.js';
import { rng } from '../../src/pipeline/core/rng.js';

const matrix = (rows: readonly (readonly number[])[]): Matrix => ({
  rows: rows.length,
  columns: rows[0]?.length ?? 0,
  values: Float64Array.from(rows.flat()),
});

/** Numbers computed with sines, so that a Python script can compute the same numbers. */
const sines = matrix(
  Array.from({ length: 30 }, (_, i) =>
    Array.from({ length: 4 }, (_, j) => Math.sin((i + 1) * (j + 2)) * (j + 1)),
  ),
);
const sineClasses = Array.from({ length: 30 }, (_, i): 0 | 1 =>
  Math.sin((i + 1) * 5) + (sines.values[4 * i] ?? NaN) > 0.3 ? 1 : 0,
);

function invented(patients: number, columns: number): { readonly x: Matrix; readonly y: readonly (0 | 1)[] } {
  const stream = rng(3, `${patients}/${columns}`);
  const rows = Array.from({ length: patients }, () =>
    Array.from({ length: columns }, (_, c) => 3 * c + (1 + c) * stream.normal()),
  );
  const y = rows.map(([a = 0, b = 0]): 0 | 1 =>
    stream.uniform() < probability(a - (b - 3) / 2 - 0.5) ? 1 : 0,
  );
  return { x: matrix(rows), y };
}

/**
 * Mean loss plus penalty, computed directly from the formula. `at` holds the coefficients of the standardised columns,
 * then the intercept.
 */
function objective(z: Matrix, y: readonly (0 | 1)[], lambda: number, at: readonly number[]): number {
  const beta = at.slice(0, -1);
  let loss = 0;
  y.forEach((own, i) => {
    const eta = beta.reduce((sum, b, c) => sum + b * (z.values[i * z.columns + c] ?? NaN), at.at(-1) ?? NaN);
    loss += (own === 1 ? Math.log1p(Math.exp(-eta)) : Math.log1p(Math.exp(eta))) / y.length;
  });
  return loss + (lambda / 2) * beta.reduce((sum, b) => sum + b * b, 0);
}

describe('penalised logistic regression', () => {
  // Expected values from scikit-learn 1.9.1: StandardScaler, LogisticRegression(C = 1 / (30 lambda), solver =
  // 'newton-cholesky', tol = 1e-14).
  it.each([
    [
      0.01,
      [2.509581837239936, 0.14493463014909425, 0.15694607059173235, 2.748279959914526, -1.0227976294097312],
    ],
    [
      0.3,
      [
        0.4876482791790551, -0.01850253881560054, -0.029752157622396472, 0.5726250198571624,
        -0.45563570309063584,
      ],
    ],
  ])('has the coefficients of scikit-learn at lambda %d', (lambda, expected) => {
    const { model } = fitLogisticRidge(sines, sineClasses, [], { lambdas: [lambda] });
    [...model.coefficients, model.intercept].forEach((own, k) =>
      expect(own).toBeCloseTo(expected[k] ?? NaN, 7),
    );
  });

  it.each([
    ['fewer columns than patients', 60, 6],
    ['more columns than patients', 25, 60],
  ])('has a gradient of 0 by central differences: %s', (_, patients, columns) => {
    const { x, y } = invented(patients, columns);
    const { model } = fitLogisticRidge(x, y, [], { lambdas: [0.05] });
    const scale = { mean: Float64Array.from(model.mean), factor: Float64Array.from(model.factor) };
    const z = standardised(x, scale);
    const at = [...model.coefficients, model.intercept];
    const step = 1e-5;
    for (const k of at.keys()) {
      const shifted = (by: number) =>
        objective(
          z,
          y,
          0.05,
          at.map((own, c) => (c === k ? own + by : own)),
        );
      expect((shifted(step) - shifted(-step)) / (2 * step)).toBeCloseTo(0, 7);
    }
  });

  it('chooses the penalty that ranks held-out patients best and calibrates on them, recomputed by fits of their own', () => {
    const { x, y } = invented(80, 5);
    const divisions = innerFoldsOf(y, rng(1, 'inner'));
    const fold = divisions[0] ?? expect.unreachable();
    const fit = fitLogisticRidge(x, y, divisions);
    expect(fit.path.map(({ lambda }) => lambda)).toEqual([...defaultLambdas]);
    expect(defaultLambdas[0]).toBe(1000);
    expect(defaultLambdas.at(-1)).toBeCloseTo(1e-5, 12);
    const most = Math.max(...fit.path.map((one) => one.auc));
    expect(fit.path.find((one) => one.lambda === fit.model.lambda)?.auc).toBe(most);
    // Columns are standardised with the mean and deviation of all training patients, also inside each inner fold.
    const scale = { mean: Float64Array.from(fit.model.mean), factor: Float64Array.from(fit.model.factor) };
    const z = standardised(x, scale);
    const all = Array.from(fold.keys());
    const logits = new Float64Array(y.length);
    const aucs = [...new Set(fold)].map((held) => {
      const others = all.filter((i) => fold[i] !== held);
      const own = all.filter((i) => fold[i] === held);
      const at = descend(
        rowsAt(z, others),
        others.map((i) => y[i] as 0 | 1),
        fit.model.lambda,
      );
      for (const i of own)
        logits[i] = at
          .slice(0, -1)
          .reduce((sum, b, c) => sum + b * (z.values[i * z.columns + c] ?? NaN), at.at(-1) ?? NaN);
      return auc(
        own.map((i) => y[i] as 0 | 1),
        own.map((i) => logits[i] as number),
      );
    });
    expect(mean(aucs.map((one) => one ?? NaN))).toBeCloseTo(most, 10);
    const held = fit.heldOut ?? expect.unreachable();
    const sum = (of: (p: number, i: number) => number) =>
      held.reduce((s, own, i) => s + of(probability(own), i), 0);
    // Properties of a calibrated model on held-out patients: the predicted number of events is the observed one, and
    // the errors do not correlate with the logit.
    expect(sum((p, i) => p - (y[i] ?? NaN))).toBeCloseTo(0, 5);
    expect(sum((p, i) => (p - (y[i] ?? NaN)) * (logits[i] as number))).toBeCloseTo(0, 2);
    const plain = fitLogisticRidge(x, y, [], { lambdas: [fit.model.lambda] }).model;
    const ratios = fit.model.coefficients.map((own, k) => own / (plain.coefficients[k] ?? NaN));
    ratios.forEach((ratio) => expect(ratio).toBeCloseTo(ratios[0] ?? NaN, 6));
    expect(ratios[0]).toBeGreaterThan(0);
  });

  it('chooses by log loss where asked, of which the path tells the least', () => {
    const { x, y } = invented(80, 5);
    const fold = innerFoldsOf(y, rng(1, 'inner'));
    const [byOrder, byLoss] = [
      fitLogisticRidge(x, y, fold),
      fitLogisticRidge(x, y, fold, { choose: 'logLoss' }),
    ];
    expect(byLoss.path).toEqual(byOrder.path);
    const least = Math.min(...byLoss.path.map(({ logLoss }) => logLoss));
    expect(byLoss.path.find(({ lambda }) => lambda === byLoss.model.lambda)?.logLoss).toBe(least);
  });

  it('chooses the largest penalty within one standard error of the least log loss, on logits averaged over divisions', () => {
    const { x, y } = invented(160, 2);
    const divisions = innerFoldsOf(y, rng(1, 'inner'), 2);
    expect(divisions).toHaveLength(2);
    const lambdas = Array.from({ length: 13 }, (_, k) => 10 ** (0.5 - k / 4));
    const fit = fitLogisticRidge(x, y, divisions, { lambdas, choose: 'oneStandardError' });
    const scale = { mean: Float64Array.from(fit.model.mean), factor: Float64Array.from(fit.model.factor) };
    const z = standardised(x, scale);
    const all = y.map((_, i) => i);
    const lossesAt = (lambda: number): readonly number[] => {
      const logits = all.map(() => 0);
      for (const fold of divisions)
        for (const held of new Set(fold)) {
          const others = all.filter((i) => fold[i] !== held);
          const at = descend(
            rowsAt(z, others),
            others.map((i) => y[i] as 0 | 1),
            lambda,
            400,
          );
          for (const i of all.filter((one) => fold[one] === held))
            logits[i] =
              (logits[i] ?? NaN) +
              at
                .slice(0, -1)
                .reduce((sum, b, c) => sum + b * (z.values[i * z.columns + c] ?? NaN), at.at(-1) ?? NaN) /
                2;
        }
      return logits.map((logit, i) => -Math.log(probability(y[i] === 1 ? logit : -logit)));
    };
    const best = fit.path.reduce((most, one) => (one.logLoss < most.logLoss ? one : most));
    const least = lossesAt(best.lambda);
    expect(mean([...least])).toBeCloseTo(best.logLoss, 8);
    const inErrors = (lambda: number): number => {
      const differences = lossesAt(lambda).map((loss, i) => loss - (least[i] ?? NaN));
      const middle = mean(differences);
      return middle / Math.sqrt(mean(differences.map((one) => (one - middle) ** 2)) / y.length);
    };
    const chosen = lambdas.indexOf(fit.model.lambda);
    expect(fit.model.lambda).toBeGreaterThan(best.lambda);
    expect(inErrors(fit.model.lambda)).toBeLessThan(1);
    expect(inErrors(lambdas[chosen - 1] ?? NaN)).toBeGreaterThan(1);
  });

  it.each([
    [12, 0.001],
    [12, 0.1],
    [5, 1e-5],
    [12, 1000],
  ])(
    'with weights of at least 0, %i columns at penalty %d meet the conditions of the optimum',
    (columns, lambda) => {
      const { x, y } = invented(80, columns);
      const free = fitLogisticRidge(x, y, [], { lambdas: [lambda] }).model;
      const { model } = fitLogisticRidge(x, y, [], { lambdas: [lambda], nonNegative: true });
      expect(Math.min(...free.coefficients)).toBeLessThan(0);
      const scale = { mean: Float64Array.from(model.mean), factor: Float64Array.from(model.factor) };
      const z = standardised(x, scale);
      const residuals = [...logisticLogits(model, x)].map((logit, i) => probability(logit) - (y[i] ?? NaN));
      expect(mean(residuals)).toBeCloseTo(0, 9);
      // Conditions of the minimum (Karush, Kuhn and Tucker): the slope of the loss is 0 for a weight above 0. It is 0
      // or positive for a weight of 0.
      let above = 0;
      model.coefficients.forEach((own, column) => {
        expect(own).toBeGreaterThanOrEqual(0);
        const slope =
          mean(residuals.map((one, i) => one * (z.values[i * columns + column] ?? NaN))) + lambda * own;
        if (own === 0) expect(slope).toBeGreaterThan(-1e-7);
        else {
          above++;
          expect(slope).toBeCloseTo(0, 7);
        }
      });
      expect(above).toBeGreaterThan(0);
      expect(above).toBeLessThan(columns);
    },
  );

  it('with weights of at least 0 is the usual fit where that has none below 0', () => {
    const { x, y } = invented(300, 2);
    const turned = { ...x, values: x.values.map((value, at) => (at % 2 === 1 ? -value : value)) };
    const [free, bound] = [false, true].map(
      (nonNegative) => fitLogisticRidge(turned, y, [], { lambdas: [0.01], nonNegative }).model,
    );
    bound?.coefficients.forEach((own, k) => expect(own).toBeCloseTo(free?.coefficients[k] ?? NaN, 6));
    expect(Math.min(...(free?.coefficients ?? []))).toBeGreaterThan(0);
  });

  it('with weights of at least 0 has bounded fits in the inner folds, too', () => {
    const { x, y } = invented(160, 2);
    const turned = { ...x, values: x.values.map((value, at) => (at % 2 === 1 ? -value : value)) };
    const inner = innerFoldsOf(y, rng(4, 'inner'), 2);
    const losses = (of: Matrix, nonNegative: boolean): readonly number[] =>
      fitLogisticRidge(of, y, inner, { nonNegative }).path.map(({ logLoss }) => logLoss);
    const bound = losses(turned, true);
    losses(turned, false).forEach((loss, k) => expect(bound[k]).toBeCloseTo(loss, 6));
    // The weight of the second column would be below 0 in every inner fold. So the bound of 0 removes this column.
    const first = matrix(Array.from({ length: x.rows }, (_, i) => [x.values[2 * i] ?? NaN]));
    const alone = losses(first, false);
    losses(x, true).forEach((loss, k) => expect(loss).toBeCloseTo(alone[k] ?? NaN, 6));
    expect(Math.min(...alone)).toBeGreaterThan(Math.min(...losses(x, false)) + 0.001);
  });

  it('calibrates nothing when the held-out patients are ranked no better than by chance', () => {
    const { x } = invented(40, 2);
    const y = Array.from({ length: 40 }, (_, i): 0 | 1 => (i % 2 === 0 ? 1 : 0));
    const constant = { ...x, values: x.values.map(() => 1) };
    const { model } = fitLogisticRidge(constant, y, innerFoldsOf(y, rng(1, 'inner')));
    expect(model.coefficients).toEqual([0, 0]);
    expect(model.intercept).toBeCloseTo(0, 9);
  });

  it('leaves out constant columns and does not depend on units', () => {
    const { x, y } = invented(60, 4);
    const plain = fitLogisticRidge(x, y, [], { lambdas: [0.1] }).model;
    const other = matrix(
      Array.from({ length: 60 }, (_, i) => [
        ...Array.from(x.values.subarray(4 * i, 4 * i + 4), (value, c) => 10 ** c * value - 7),
        5,
      ]),
    );
    const scaled = fitLogisticRidge(other, y, [], { lambdas: [0.1] }).model;
    expect(scaled.coefficients[4]).toBe(0);
    const logits = logisticLogits(plain, x);
    logisticLogits(scaled, other).forEach((logit, i) => expect(logit).toBeCloseTo(logits[i] ?? NaN, 7));
  });

  it('takes the largest penalty when a class is too small to choose one, and says so', () => {
    const { x } = invented(20, 3);
    const y = Array.from({ length: 20 }, (_, i): 0 | 1 => (i === 4 ? 1 : 0));
    expect(innerFoldsOf(y, rng(1, 'inner'))).toEqual([]);
    const { model, notes } = fitLogisticRidge(x, y, []);
    expect(model.lambda).toBe(1000);
    expect(notes).toEqual([
      'too few patients of one class to choose a penalty (1 event of 20 patients): the largest is taken',
    ]);
  });

  it('converges for classes that a column separates, at the smallest penalty', () => {
    const x = matrix(Array.from({ length: 20 }, (_, i) => [i < 10 ? -1 : 1]));
    const y = Array.from({ length: 20 }, (_, i): 0 | 1 => (i < 10 ? 0 : 1));
    const { model } = fitLogisticRidge(x, y, [], { lambdas: [1e-5] });
    expect(model.coefficients[0]).toBeGreaterThan(5);
    expect(model.coefficients[0]).toBeLessThan(100);
  });

  it('refuses one class alone and values that are not finite', () => {
    expect(() => fitLogisticRidge(matrix([[1], [2]]), [1, 1], [])).toThrow('both classes');
    expect(() => fitLogisticRidge(matrix([[1], [NaN]]), [1, 0], [])).toThrow('not finite');
  });
});

describe('the loss with the best intercept', () => {
  const { y } = invented(40, 3);
  const eta = Float64Array.from({ length: 40 }, (_, i) => 3 * Math.sin(i));

  it('expects as many events as there are', () => {
    const intercept = bestIntercept(eta, y);
    const expected = eta.reduce((sum, own) => sum + probability(own + intercept), 0);
    expect(expected).toBeCloseTo(y.filter((own) => own === 1).length, 9);
  });

  it.each([1e3, 1e5])('is found for predictors that differ by %d', (size) => {
    const wide = eta.map((own) => size * own);
    const intercept = bestIntercept(wide, y);
    const expected = wide.reduce((sum, own) => sum + probability(own + intercept), 0);
    expect(expected).toBeCloseTo(y.filter((own) => own === 1).length, 6);
  });

  it('has gradient and curvature of central differences', () => {
    const { gradient } = profiledLoss(eta, y);
    const step = 1e-5;
    const shifted = (k: number, by: number) => eta.map((own, i) => (i === k ? own + by : own));
    const direction = eta.map((_, i) => Math.cos(3 * i));
    const curved = profiledCurvature(eta, y).times(direction);
    const along = (by: number) =>
      profiledLoss(
        eta.map((own, i) => own + by * (direction[i] as number)),
        y,
      ).gradient;
    const [after, before] = [along(step), along(-step)];
    for (const k of [0, 7, 23, 39]) {
      const slope =
        (profiledLoss(shifted(k, step), y).value - profiledLoss(shifted(k, -step), y).value) / (2 * step);
      expect(gradient[k]).toBeCloseTo(slope, 8);
      expect(curved[k]).toBeCloseTo(((after[k] as number) - (before[k] as number)) / (2 * step), 7);
    }
  });
});

/** Minimum of `objective` by plain gradient descent: slow, and independent of Newton's method. */
function descend(z: Matrix, y: readonly (0 | 1)[], lambda: number, steps = 3000): number[] {
  const at = new Array<number>(z.columns + 1).fill(0);
  for (let step = 0; step < steps; step++) {
    const slope = at.map((own, k) => (k < z.columns ? lambda * own : 0));
    y.forEach((own, i) => {
      const row = [...z.values.subarray(i * z.columns, (i + 1) * z.columns), 1];
      const excess = probability(row.reduce((sum, value, k) => sum + value * (at[k] ?? NaN), 0)) - own;
      row.forEach((value, k) => (slope[k] = (slope[k] ?? NaN) + (excess * value) / y.length));
    });
    slope.forEach((own, k) => (at[k] = (at[k] ?? NaN) - 0.5 * own));
  }
  return at;
}
