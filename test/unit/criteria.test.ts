import { describe, expect, it } from 'vitest';
import { binaryCriterion } from '../../src/operators/criteria/binary.js';
import { coxCriterion } from '../../src/operators/criteria/cox.js';
import type { Criterion, Target } from '../../src/operators/criteria/criterion.js';
import { hazardCriterion } from '../../src/operators/criteria/hazards.js';
import { fusionLoss } from '../../src/operators/heads/monotonic-loss.js';
import { riskOf, survivalOf } from '../../src/operators/survival/survival-model.js';
import { followUpOf } from '../../src/operators/survival/follow-up.js';
import { rng } from '../../src/pipeline/core/rng.js';

const count = 24;
const stream = rng(3, 'follow-up');
const followUp = followUpOf(
  Array.from({ length: count }, () => 30 + 2000 * stream.uniform()),
  Array.from({ length: count }, (_, i) => (i % 3 === 0 ? 0 : 1)),
);
const everyone = Array.from({ length: count }, (_, i) => i);
const train = everyone.slice(0, 18);
const settings = { bins: 4, edges: null, censorCredit: 'half', monitor: 'valLoss' } as const;
const hazards = hazardCriterion(followUp, train, settings);
const cox = coxCriterion('efron', 'valC');
const given: Readonly<Record<string, { criterion: Criterion; targets: readonly Target[]; outputs: number }>> =
  {
    'binary, one logit': {
      criterion: binaryCriterion,
      targets: everyone.map((i) => (i % 2) as 0 | 1),
      outputs: 1,
    },
    'binary, two logits': {
      criterion: binaryCriterion,
      targets: everyone.map((i) => (i % 2) as 0 | 1),
      outputs: 2,
    },
    hazards: { criterion: hazards.criterion, targets: hazards.targets, outputs: 4 },
    Cox: { criterion: cox, targets: hazards.targets, outputs: 1 },
  };
const normals = rng(4, 'outputs');
const rowsOf = (outputs: number): number[][] =>
  everyone.map(() => Array.from({ length: outputs }, () => normals.normal()));

describe.each(Object.entries(given))('the criterion %s', (_, { criterion, targets, outputs }) => {
  const rows = rowsOf(outputs);
  const options = { lambdaMoFe: 0.4, mofeStopGradReduced: false };
  const reduced = rowsOf(outputs).map((row, i) => (i % 5 === 0 ? null : row));

  it('has as many outputs as it judges', () => {
    expect(criterion.outputsOf(outputs === 2 ? 2 : 1)).toBe(outputs);
  });

  it('has the slope of its loss, with and without a reduced pass', () => {
    const step = 1e-5;
    const total = (
      full: readonly (readonly number[])[],
      left: readonly (readonly number[] | null)[],
    ): number => fusionLoss(full, left, targets, criterion, options).terms.total;
    const { dFull, dReduced } = fusionLoss(rows, reduced, targets, criterion, options);
    const moved = <T extends readonly number[] | null>(
      all: readonly T[],
      i: number,
      k: number,
      by: number,
    ): T[] =>
      all.map((row, j) => (j === i && row !== null ? row.map((v, at) => (at === k ? v + by : v)) : row) as T);
    for (const i of [0, 1, 7, 23])
      for (let k = 0; k < outputs; k++) {
        const up = total(moved(rows, i, k, step), reduced);
        const down = total(moved(rows, i, k, -step), reduced);
        expect((up - down) / (2 * step)).toBeCloseTo(dFull[i]?.[k] as number, 6);
        if (reduced[i] === null) continue;
        const upLeft = total(rows, moved(reduced, i, k, step));
        const downLeft = total(rows, moved(reduced, i, k, -step));
        expect((upLeft - downLeft) / (2 * step)).toBeCloseTo(dReduced[i]?.[k] as number, 6);
      }
  });

  it('ranks by scores, and says nothing of scores that are not finite', () => {
    const scores = rows.map((row) => criterion.scoreOf(row));
    expect(criterion.discrimination(targets, scores)).toBeGreaterThan(0);
    expect(criterion.discrimination(targets, [...scores.slice(1), NaN])).toBeNull();
  });
});

describe('hazards', () => {
  it('start at the curve of the training patients', () => {
    const { modelOf, startBiases } = hazards.criterion;
    const { model, unseen } = modelOf?.([], []) ?? expect.unreachable();
    expect(unseen).toEqual(startBiases);
    const curve = survivalOf(model, unseen, [100, 800, 1500]);
    expect([...curve]).toEqual([...curve].sort((a, b) => b - a));
    expect(curve[2]).toBeLessThan(curve[0] as number);
  });

  it('take bins and last edge from training patients alone', () => {
    const others = followUpOf(
      followUp.time.map((days, i) => (i < 18 ? days : days * 50)),
      followUp.event,
    );
    expect(hazardCriterion(others, train, settings).bins).toEqual(hazards.bins);
  });

  it('refuse the target of a class, and classes those of times', () => {
    expect(() => hazards.criterion.judge([[0, 0, 0, 0]], [1])).toThrow(/was given a class/);
    expect(() => binaryCriterion.judge([[0]], [hazards.targets[0] as Target])).toThrow(/time-to-event/);
  });
});

describe('Cox', () => {
  it('has no loss without an event, so that a step is skipped and validation is undefined', () => {
    const censored = hazards.targets.filter((target) => typeof target !== 'number' && target.event === 0);
    const judged = cox.judge(
      censored.map(() => [0.3]),
      censored,
    );
    expect(judged.every(({ loss }) => Number.isNaN(loss))).toBe(true);
  });

  it('takes no part in the hinge', () => {
    const rows = rowsOf(1);
    const of = (lambdaMoFe: number): number =>
      fusionLoss(rows, rowsOf(1), hazards.targets, cox, { lambdaMoFe, mofeStopGradReduced: false }).terms
        .mofe;
    expect(of(0.5)).toBeGreaterThanOrEqual(0);
    const total = fusionLoss(rows, rows, hazards.targets, cox, {
      lambdaMoFe: 0.5,
      mofeStopGradReduced: false,
    });
    expect(total.terms.total).toBeCloseTo(total.terms.full + total.terms.reduced, 12);
  });

  it('gives an unseen patient as many expected events as the training patients had', () => {
    const rows = rowsOf(1);
    const { model, unseen } = cox.modelOf?.(rows, hazards.targets) ?? expect.unreachable();
    expect(riskOf(model, unseen)).toBe(unseen[0]);
    const expected = everyone.reduce(
      (sum, i) => sum - Math.log(survivalOf(model, unseen, [followUp.time[i] as number])[0] as number),
      0,
    );
    expect(expected).toBeCloseTo(
      followUp.event.reduce((sum, e) => sum + e, 0),
      6,
    );
  });
});
