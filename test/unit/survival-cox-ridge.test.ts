import { describe, expect, it } from 'vitest';
import { rng, type Rng } from '../../src/pipeline/core/rng.js';
import { harrellC } from '../../src/operators/survival/concordance.js';
import { coxRidgeRisks, fitCoxRidge } from '../../src/operators/survival/cox-ridge.js';
import { coxLoss, coxOrder } from '../../src/operators/survival/cox.js';
import { followUpOf, type FollowUp } from '../../src/operators/survival/follow-up.js';
import { transposedTimes, type Matrix } from '../../src/operators/survival/matrix.js';
import { standardised } from '../../src/operators/survival/ridge-basis.js';

const matrix = (rows: readonly (readonly number[])[]): Matrix => ({
  rows: rows.length,
  columns: rows[0]?.length ?? 0,
  values: Float64Array.from(rows.flat()),
});

/** Patients whose hazard depends on the first three columns. */
function invented(stream: Rng, patients: number, columns: number): { x: Matrix; followUp: FollowUp } {
  const rows = Array.from({ length: patients }, () =>
    Array.from({ length: columns }, (_, c) => 5 * c + (1 + c) * stream.normal()),
  );
  const time = rows.map((row) => {
    const [a = 0, b = 0, c = 0] = row;
    const risk = a + (b - 5) / 2 - (c - 10) / 3;
    return Math.ceil((-300 * Math.log(1 - stream.uniform())) / Math.exp(0.7 * risk));
  });
  const event = time.map(() => (stream.uniform() < 0.7 ? 1 : 0));
  return { x: matrix(rows), followUp: followUpOf(time, event) };
}

const columnsOf = ({ rows, columns, values }: Matrix, pick: (row: readonly number[]) => number[]): Matrix =>
  matrix(Array.from({ length: rows }, (_, r) => pick([...values.subarray(r * columns, (r + 1) * columns)])));

describe('ridge Cox regression', () => {
  const few = invented(rng(5, 'few'), 60, 8);
  const many = invented(rng(6, 'many'), 40, 120);

  it.each([
    ['fewer columns than patients', few],
    ['more columns than patients', many],
  ])('has a gradient of 0 at its coefficients: %s', (_, { x, followUp }) => {
    for (const ties of ['breslow', 'efron'] as const) {
      const model = fitCoxRidge(x, followUp, rng(1, 'inner'), { lambdas: [3], ties });
      const z = standardised(x, model.scale);
      const { gradient } = coxLoss(coxOrder(followUp), coxRidgeRisks(model, x), ties);
      transposedTimes(z, gradient).forEach((slope, c) =>
        expect(slope + 3 * (model.coefficients[c] ?? NaN)).toBeCloseTo(0, 5),
      );
    }
  });

  it('says the same of each column twice as of each once with half the penalty, past the number of patients', () => {
    const once = fitCoxRidge(few.x, few.followUp, rng(1, 'inner'), { lambdas: [2] });
    const copies = columnsOf(few.x, (row) => Array.from({ length: 10 }, () => row).flat());
    const often = fitCoxRidge(copies, few.followUp, rng(1, 'inner'), { lambdas: [20] });
    const risks = coxRidgeRisks(once, few.x);
    coxRidgeRisks(often, copies).forEach((risk, i) => expect(risk).toBeCloseTo(risks[i] ?? NaN, 5));
  });

  it('does not depend on the units of columns, and leaves out constant ones', () => {
    const plain = fitCoxRidge(few.x, few.followUp, rng(1, 'inner'));
    const other = columnsOf(few.x, (row) => [...row.map((value, c) => value * 10 ** c - 40), 7]);
    const scaled = fitCoxRidge(other, few.followUp, rng(1, 'inner'));
    expect(scaled.lambda).toBeCloseTo(plain.lambda, 10);
    expect(scaled.coefficients[8]).toBe(0);
    const risks = coxRidgeRisks(plain, few.x);
    coxRidgeRisks(scaled, other).forEach((risk, i) => expect(risk).toBeCloseTo(risks[i] ?? NaN, 5));
  });

  it.each([
    ['fewer columns than patients', few],
    ['more columns than patients', many],
  ])('chooses a penalty by inner folds, the same one again: %s', (_, { x, followUp }) => {
    const model = fitCoxRidge(x, followUp, rng(1, 'inner'));
    expect(model.path.length).toBe(21);
    expect(model.path.find(({ lambda }) => lambda === model.lambda)?.score).toBe(
      Math.max(...model.path.map(({ score }) => score)),
    );
    expect(fitCoxRidge(x, followUp, rng(1, 'inner'))).toEqual(model);
  });

  it('ranks new patients', () => {
    const { x, followUp } = invented(rng(8, 'train'), 200, 8);
    const model = fitCoxRidge(x, followUp, rng(1, 'inner'));
    const fresh = invented(rng(9, 'test'), 300, 8);
    expect(harrellC(fresh.followUp, coxRidgeRisks(model, fresh.x)).value ?? 0).toBeGreaterThan(0.7);
    expect(model.notes).toEqual([]);
  });

  it('takes the largest penalty, and says so, when nothing can be learned', () => {
    const stream = rng(11, 'noise');
    const x = matrix(Array.from({ length: 50 }, () => Array.from({ length: 60 }, () => stream.normal())));
    const noise = followUpOf(
      Array.from({ length: 50 }, () => 1 + stream.int(500)),
      Array.from({ length: 50 }, () => stream.int(2)),
    );
    const model = fitCoxRidge(x, noise, rng(1, 'inner'));
    expect(model.lambda).toBeGreaterThan(60);
  });

  it('has a penalty with one event, and one patient without columns that differ', () => {
    const one = fitCoxRidge(matrix([[1], [2], [3]]), followUpOf([3, 4, 5], [1, 0, 0]), rng(1, 'inner'));
    expect(one.notes).toEqual(['too few events to choose a penalty (1 event): the largest is taken']);
    const constant = fitCoxRidge(matrix([[1], [1], [1]]), followUpOf([3, 4, 5], [1, 1, 0]), rng(1, 'inner'));
    expect([...coxRidgeRisks(constant, matrix([[9]]))]).toEqual([0]);
  });

  it('keeps finite coefficients where events and censored patients are separated', () => {
    const x = matrix(Array.from({ length: 30 }, (_, i) => [i]));
    const followUp = followUpOf(
      Array.from({ length: 30 }, (_, i) => 30 - i),
      Array.from({ length: 30 }, () => 1),
    );
    const { coefficients, notes } = fitCoxRidge(x, followUp, rng(1, 'inner'));
    expect(Number.isFinite(coefficients[0])).toBe(true);
    expect(notes).toEqual([expect.stringContaining('the smallest penalty of those tried fits best')]);
  });

  it('refuses training without events, and values that are not finite', () => {
    expect(() => fitCoxRidge(matrix([[1], [2]]), followUpOf([1, 2], [0, 0]), rng(1, 'inner'))).toThrow(
      /None of 2 training patients/,
    );
    expect(() => fitCoxRidge(matrix([[1], [NaN]]), followUpOf([1, 2], [1, 0]), rng(1, 'inner'))).toThrow(
      RangeError,
    );
  });
});
