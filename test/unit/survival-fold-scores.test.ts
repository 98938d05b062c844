import { describe, expect, it } from 'vitest';
import { rng } from '../../src/pipeline/core/rng.js';
import { brierAt, brierCurve, integrationTimes } from '../../src/operators/survival/brier.js';
import { censoringOf } from '../../src/operators/survival/censoring.js';
import { harrellC, unoC } from '../../src/operators/survival/concordance.js';
import { coxBaseline, coxSurvivalAt } from '../../src/operators/survival/cox-baseline.js';
import { dynamicAuc } from '../../src/operators/survival/dynamic-auc.js';
import { foldScores, type FoldToScore } from '../../src/operators/survival/fold-scores.js';
import { followUpOf, year } from '../../src/operators/survival/follow-up.js';
import { inventedFollowUp } from '../support/invented-follow-up.js';

const stream = rng(1, 'fold');
const training = inventedFollowUp(stream, 80, 100);
const test = inventedFollowUp(stream, 40, 100);
const etas = Array.from({ length: 80 }, () => stream.normal());
const risks = Array.from({ length: 40 }, () => stream.normal());
const baseline = coxBaseline(training, etas);
const fold: FoldToScore = {
  training,
  test,
  risks,
  curve: (patient, days) => coxSurvivalAt(baseline, risks[patient] ?? NaN, days),
};

describe('the scores of a fold', () => {
  const scores = foldScores(fold, 5 * year, [2 * year, 3 * year]);
  const censoring = censoringOf(training);

  it('are those of each metric, with the weights of the training patients', () => {
    expect(scores.harrell).toEqual(harrellC(test, risks));
    expect(scores.uno).toEqual(unoC(test, risks, censoring, 5 * year));
    const [two] = scores.horizons;
    expect(two?.auc).toEqual(dynamicAuc(test, risks, censoring, 2 * year));
    expect(two?.uno).toEqual(unoC(test, risks, censoring, 2 * year));
    const survival = risks.map((risk) => coxSurvivalAt(baseline, risk, [2 * year])[0] ?? NaN);
    expect(two?.brier).toEqual(brierAt(test, survival, 2 * year, censoring));
    const times = integrationTimes(test, censoring);
    expect(scores.integratedBrier).toEqual(
      brierCurve(test, fold.curve ?? (() => []), times, censoring).integrated,
    );
    expect(scores.integratedBrierReference.value).not.toBeNull();
    expect(scores.dCalibration?.bins.reduce((sum, count) => sum + count, 0)).toBeCloseTo(40, 9);
  });

  it('have a reason where a method gives no curves', () => {
    const ranked = foldScores({ ...fold, curve: null }, null, [2 * year]);
    expect(ranked.harrell).toEqual(scores.harrell);
    expect(ranked.integratedBrier.reason).toBe('the method gives risks, no survival curves');
    expect(ranked.horizons[0]?.brier.value).toBeNull();
    expect(ranked.horizons[0]?.brierReference.value).not.toBeNull();
    expect(ranked.dCalibration).toBeNull();
  });

  it('are null with reasons without an event, without patients, and beyond the follow-up', () => {
    const living = foldScores(
      {
        ...fold,
        test: followUpOf(
          test.time,
          test.event.map(() => 0),
        ),
      },
      null,
      [2 * year],
    );
    for (const measure of [living.harrell, living.uno, living.horizons[0]?.auc])
      expect(measure).toMatchObject({
        value: null,
        reason: expect.stringMatching(/no (comparable|event)/) as string,
      });
    const nobody = foldScores({ ...fold, test: followUpOf([], []), risks: [] }, null, [2 * year]);
    expect([nobody.harrell.value, nobody.integratedBrier.value, nobody.horizons[0]?.brier.value]).toEqual([
      null,
      null,
      null,
    ]);
    const beyond = foldScores(fold, null, [100 * year]).horizons[0];
    expect(beyond?.auc.reason).toContain('nobody is observed beyond');
    expect(beyond?.brier.reason).toContain('nobody is observed beyond');
  });

  it('are refused with a risk or a survival that is NaN', () => {
    expect(() => foldScores({ ...fold, risks: risks.map(() => NaN) }, null, [])).toThrow(RangeError);
    expect(() => foldScores({ ...fold, curve: (_, days) => Array.from(days, () => NaN) }, null, [])).toThrow(
      RangeError,
    );
  });
});
