import { describe, expect, it } from 'vitest';
import { aggregate } from '../../src/operators/evaluation/aggregate.js';
import { adjustedFamily, type PairedComparison } from '../../src/operators/evaluation/paired-comparison.js';
import { noDiscordantPair, noVariance } from '../../src/operators/evaluation/undefined-reasons.js';
import { summaryFile, summarySchema, type Comparison } from '../../src/operators/evaluation/summary-data.js';
import { delongTest } from '../../src/operators/stats/delong.js';
import { mcnemarTest } from '../../src/operators/stats/mcnemar.js';
import type { Prediction } from '../../src/operators/stage3/prediction-data.js';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import {
  evaluatedAll,
  inventedCohort,
  inventedPredictions,
  predicted,
  stage3Artifact,
  type InputArtifact,
} from '../support/invented-results.js';
import { runStage } from '../support/run-stage.js';
import { vectorCases, vectorsFolder } from '../support/shared.js';

const count = 80;
const folds = 4;
const invented = (...methods: readonly string[]): InputArtifact[] =>
  methods.flatMap((method) =>
    Array.from({ length: folds }, (_, fold) =>
      stage3Artifact(method, fold, inventedPredictions(method, fold, folds, count)),
    ),
  );

async function compared(
  stage3: readonly InputArtifact[],
  stats: ConfigInput['stats'] = {},
  cv: ConfigInput['cv'] = { folds },
): Promise<readonly Comparison[]> {
  const methods = [...new Set(stage3.map(({ unit }) => unit.method ?? ''))] as ConfigInput['methods'];
  const { output } = await runStage(aggregate, {
    config: { methods, cv, stats: { bootstrap: 50, ...stats } },
    inputs: { cohort: [inventedCohort(count)], stage3, evaluate: await evaluatedAll(stage3) },
  });
  return summarySchema.parse(output.files[summaryFile]).comparisons;
}

/** Test predictions of an invented method, ordered by patient. */
const tests = (method: string): Prediction[] =>
  Array.from({ length: folds }, (_, fold) => inventedPredictions(method, fold, folds, count))
    .flat()
    .filter(({ split }) => split === 'test')
    .sort((a, b) => (a.patient < b.patient ? -1 : 1));
const right = ({ y, p }: Prediction): boolean => p >= 0.5 === (y === 1);

describe('the comparisons of a run', () => {
  it('test the reference against each method of the list that was run', async () => {
    const got = await compared(invented('mdlm', 'haf', 'ga', 'ps3'));
    expect(got.map(({ method, other }) => [method, other])).toEqual([
      ['haf', 'mdlm'],
      ['haf', 'ps3'],
    ]);
    const [a, b] = [tests('haf'), tests('mdlm')];
    const onlyFirst = a.filter((one, i) => right(one) && !right(b[i] as Prediction)).length;
    const onlySecond = b.filter((one, i) => right(one) && !right(a[i] as Prediction)).length;
    const delong = delongTest(
      a.map(({ y }) => y),
      a.map(({ logit }) => logit),
      b.map(({ logit }) => logit),
    );
    const [mdlm, ps3] = got;
    expect(mdlm).toMatchObject({ patients: count, onlyFirst, onlySecond });
    expect(mdlm?.accuracy.difference).toBeCloseTo((onlyFirst - onlySecond) / count, 12);
    expect(mdlm?.accuracy.p).toBe(mcnemarTest(onlyFirst, onlySecond).exactP);
    expect(mdlm?.auc?.difference).toBeCloseTo((delong?.aucA ?? 9) - (delong?.aucB ?? 9), 12);
    expect(mdlm?.auc?.z).toBeCloseTo(delong?.z ?? Number.NaN, 10);
    expect(mdlm?.auc?.p).toBeCloseTo(delong?.p ?? Number.NaN, 12);
    // Holm's correction of two tests doubles the smaller p.
    const p = [mdlm, ps3].map((one) => one?.auc?.p ?? Number.NaN);
    const smaller = Math.min(...p);
    const index = p.indexOf(smaller);
    expect([mdlm, ps3][index]?.auc?.adjusted).toBeCloseTo(Math.min(1, 2 * smaller), 12);
    expect([mdlm, ps3][1 - index]?.auc?.adjusted).toBeCloseTo(
      Math.max(Math.min(1, 2 * smaller), Math.max(...p)),
      12,
    );
  });

  it('are none without the reference, without others, and without predictions', async () => {
    expect(await compared(invented('ps3', 'mdlm'))).toEqual([]);
    expect(await compared(invented('haf', 'ga'))).toEqual([]);
    expect(await compared(invented('haf', 'ga'), { against: ['haf', 'mfmf'] })).toEqual([]);
    const { output } = await runStage(aggregate, {
      config: { methods: ['haf', 'ps3'] },
      inputs: { cohort: [inventedCohort(count)], stage3: [], evaluate: [] },
    });
    expect(summarySchema.parse(output.files[summaryFile]).comparisons).toEqual([]);
  });

  it('take the reference and the list from the experiment', async () => {
    const got = await compared(invented('haf', 'ga', 'ps3'), { reference: 'ga', against: ['ps3'] });
    expect(got.map(({ method, other }) => [method, other])).toEqual([['ga', 'ps3']]);
    const [turned] = await compared(invented('haf', 'ga', 'ps3'), { reference: 'ps3', against: ['ga'] });
    expect(turned?.auc?.z).toBeCloseTo(-(got[0]?.auc?.z ?? 0), 10);
    expect([turned?.onlyFirst, turned?.onlySecond]).toEqual([got[0]?.onlySecond, got[0]?.onlyFirst]);
  });

  it('use the form of McNemar that the experiment asks for; p is null where nobody is discordant', async () => {
    const stage3 = invented('haf', 'ps3');
    for (const mcnemar of ['continuity', 'uncorrected'] as const) {
      const [got] = await compared(stage3, { mcnemar });
      expect(got?.accuracy.p).toBe(mcnemarTest(got?.onlyFirst ?? 0, got?.onlySecond ?? 0)[mcnemar]?.p);
      const twins = invented('haf').flatMap((artifact) => [
        artifact,
        stage3Artifact('ps3', artifact.unit.fold ?? 0, artifact.files['predictions.json'] as Prediction[]),
      ]);
      expect((await compared(twins, { mcnemar }))[0]).toMatchObject({
        accuracy: { difference: 0, ci95: [0, 0], p: null, adjusted: null, reason: noDiscordantPair },
        auc: { difference: 0, ci95: [0, 0], z: null, p: null, adjusted: null, reason: noVariance(0) },
      });
    }
  });

  it('have the same intervals every time, and whatever else was run; none without resamples', async () => {
    const [alone] = await compared(invented('haf', 'ps3'));
    const among = await compared(invented('mdlm', 'haf', 'ps3', 'bilinear'));
    const again = among.find(({ other }) => other === 'ps3');
    expect(again?.auc?.ci95).toEqual(alone?.auc?.ci95);
    expect(again?.accuracy.ci95).toEqual(alone?.accuracy.ci95);
    expect(alone?.auc?.ci95?.[0]).toBeLessThan(alone?.auc?.difference ?? -9);
    expect(alone?.auc?.ci95?.[1]).toBeGreaterThan(alone?.auc?.difference ?? 9);
    const [without] = await compared(invented('haf', 'ps3'), { bootstrap: 0 });
    expect(without).toMatchObject({ accuracy: { ci95: null }, auc: { ci95: null, z: alone?.auc?.z } });
  });

  it('rank every fold apart when asked to', async () => {
    const [got] = await compared(invented('haf', 'ps3'), { pooling: 'foldMean' });
    const perFold = Array.from({ length: folds }, (_, fold) => {
      const test = (method: string) =>
        inventedPredictions(method, fold, folds, count).filter(({ split }) => split === 'test');
      return delongTest(
        test('haf').map(({ y }) => y),
        test('haf').map(({ logit }) => logit),
        test('ps3').map(({ logit }) => logit),
      );
    });
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    const difference = sum(perFold.map((one) => (one?.aucA ?? 9) - (one?.aucB ?? 0))) / folds;
    expect(got?.auc?.difference).toBeCloseTo(difference, 12);
    const variance = sum(perFold.map((one) => one?.varianceOfDifference ?? 9)) / folds ** 2;
    expect(got?.auc?.z).toBeCloseTo(difference / Math.sqrt(variance), 9);
    const [pooled] = await compared(invented('haf', 'ps3'));
    expect(got?.accuracy.p).toBe(pooled?.accuracy.p);
    expect(got?.auc?.difference).not.toBeCloseTo(pooled?.auc?.difference ?? 9, 6);
  });

  it('compare mean probabilities where patients are tested several times, by fold as well', async () => {
    // The two predictions of a patient are averaged. `haf` then classifies 004 as deceased (mean of 0.3 and 0.9) and
    // 001 as living (mean of 0.8 and 0.1). `ps3` does the opposite.
    const fold = (method: string, k: number, p004: number, p001: number) =>
      stage3Artifact(method, k, [
        predicted('004', 1, 0, { p: p004 }),
        predicted('008', 1, 0, { p: 0.7 }),
        predicted('001', 0, 0, { p: p001 }),
        predicted('002', 0, 0, { p: 0.2 }),
      ]);
    const stage3 = [
      ...[fold('haf', 0, 0.3, 0.8), fold('haf', 2, 0.9, 0.1)],
      ...[fold('ps3', 0, 0.1, 0.9), fold('ps3', 2, 0.6, 0.3)],
    ];
    for (const pooling of ['pooled', 'foldMean'] as const) {
      const [got] = await compared(stage3, { pooling }, { folds: 2, repeats: 2 });
      expect(got).toMatchObject({ patients: 4, onlyFirst: 2, onlySecond: 0 });
      // Mean predictions of the deceased patients, compared with those of the living patients. haf: 0.6 and 0.7 against
      // 0.45 and 0.2, all pairs in order. ps3: 0.35 and 0.7 against 0.6 and 0.2, one of four pairs in the wrong order.
      expect(got?.auc?.difference).toBeCloseTo(1 - 0.75, 12);
    }
  });

  it('keep the accuracies where one class is absent', async () => {
    const living = invented('haf', 'ps3').map(({ unit, files }) =>
      stage3Artifact(
        unit.method ?? '',
        unit.fold ?? 0,
        (files['predictions.json'] as Prediction[]).map((one) => ({ ...one, y: 0 as const })),
      ),
    );
    for (const pooling of ['pooled', 'foldMean'] as const) {
      const [got] = await compared(living, { pooling });
      expect(got?.auc).toBeNull();
      expect(got?.aucReason).toMatch(/one outcome only|fewer than two deceased/i);
      expect(got?.accuracy.ci95).not.toBeNull();
      expect(got?.accuracy.adjusted).toBe(got?.accuracy.p);
    }
  });
});

const raw = (accuracy: number, auc: number | null): PairedComparison => ({
  ...{ patients: 699, onlyFirst: 1, onlySecond: 1 },
  accuracy: { difference: 0, ci95: null, p: accuracy },
  auc: auc === null ? null : { difference: 0, ci95: null, z: 0, p: auc },
});

describe('the adjustment of a family', () => {
  it.skipIf(vectorsFolder === null)("gives all eight values of the paper's Tables 4 and 5", () => {
    const cases = vectorCases<{ name: string; p: number[]; published_adjusted: number[] }>('holm');
    const [accuracy, auc] = ['paper_accuracy', 'paper_auc'].map((name) =>
      cases.find((one) => one.name === name),
    );
    const got = adjustedFamily((accuracy?.p ?? []).map((p, i) => raw(p, auc?.p[i] ?? null)));
    expect(got).toHaveLength(4);
    for (const [i, one] of got.entries()) {
      expect(one.accuracy.adjusted).toBeCloseTo(accuracy?.published_adjusted[i] ?? 9, 10);
      expect(one.auc?.adjusted).toBeCloseTo(auc?.published_adjusted[i] ?? 9, 10);
    }
  });

  it('counts only the tests that could be made', () => {
    const got = adjustedFamily([raw(0.01, null), raw(0.03, 0.02), raw(0.5, 0.03)]);
    expect(got.map(({ accuracy }) => accuracy.adjusted)).toEqual([0.03, 0.06, 0.5]);
    expect(got.map(({ auc }) => auc?.adjusted)).toEqual([undefined, 0.04, 0.04]);
  });
});
