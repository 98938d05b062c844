import { describe, expect, it } from 'vitest';
import { auc } from '../../src/operators/stats/auc.js';
import { delongTest } from '../../src/operators/stats/delong.js';
import type { Label } from '../../src/operators/stats/labels.js';
import { bootstrapIntervals, type PairedAnswers } from '../../src/operators/stats/paired-bootstrap.js';
import { mean } from '../../src/operators/stats/spread.js';
import { rng } from '../../src/pipeline/core/rng.js';

/** Two noisy scores of each patient, rounded so that there are ties. */
function invented(patients: number, digits = 1): PairedAnswers {
  const random = rng(3, 'answers');
  const labels = Array.from({ length: patients }, (_, i): Label => (i % 4 === 0 ? 1 : 0));
  const scores = (signal: number): number[] =>
    labels.map((y) => Number((signal * y + random.normal()).toFixed(digits)));
  const [scoresA, scoresB] = [scores(1.2), scores(0.6)];
  const correct = (of: readonly number[]): boolean[] =>
    of.map((score, i) => score >= 0.5 === (labels[i] === 1));
  return { labels, correctA: correct(scoresA), correctB: correct(scoresB), scoresA, scoresB };
}

/** The differences of all resamples, by definition: each resample is a list of drawn patients, ranked anew. */
function byDefinition(
  { labels, correctA, correctB, scoresA, scoresB }: PairedAnswers,
  groups: readonly (readonly number[])[],
  resamples: number,
  seed: number,
): { accuracy: readonly number[]; auc: readonly number[] } {
  const random = rng(seed, 'bootstrap');
  const differences = { accuracy: [] as number[], auc: [] as number[] };
  for (let resample = 0; resample < resamples; resample++) {
    const drawn = groups.map((group) =>
      [1, 0].flatMap((label) => {
        const stratum = group.filter((i) => labels[i] === label);
        return stratum.map(() => stratum[random.int(stratum.length)] as number);
      }),
    );
    const all = drawn.flat();
    const accuracy = (correct: readonly boolean[]): number => mean(all.map((i) => Number(correct[i])));
    differences.accuracy.push(accuracy(correctA) - accuracy(correctB));
    const aucOf = (scores: readonly number[], of: readonly number[]): number =>
      auc(
        of.map((i) => labels[i] as Label),
        of.map((i) => scores[i] as number),
      ) ?? Number.NaN;
    const ranked = drawn.filter((of) => {
      const positives = of.filter((i) => labels[i] === 1).length;
      return positives > 1 && of.length - positives > 1;
    });
    differences.auc.push(mean(ranked.map((of) => aucOf(scoresA, of) - aucOf(scoresB, of))));
  }
  return differences;
}

/** With 41 values the 2.5 % and 97.5 % points are the second and the last but one. */
const resamples = 41;
const ends = (values: readonly number[]): readonly number[] => {
  const sorted = [...values].sort((a, b) => a - b);
  return [sorted[1] as number, sorted[39] as number];
};

describe('the bootstrap of paired differences', () => {
  const answers = invented(60);
  const everybody = [answers.labels.map((_, i) => i)];

  it.each([
    ['all patients together', everybody],
    ['three folds', [0, 1, 2].map((fold) => everybody[0]?.filter((i) => i % 3 === fold) ?? [])],
    // A fold with one deceased patient is left out of the AUC, which needs two patients of each class.
    ['a fold with a single death', [[0, 1, 2, 3], everybody[0]?.slice(4) ?? []]],
  ])('gives the percentiles of the resamples written out: %s', (_, groups) => {
    const got = bootstrapIntervals(answers, groups, resamples, rng(5, 'bootstrap'));
    const expected = byDefinition(answers, groups, resamples, 5);
    for (const [i, value] of ends(expected.accuracy).entries())
      expect(got.accuracy[i]).toBeCloseTo(value, 12);
    for (const [i, value] of ends(expected.auc).entries()) expect(got.auc?.[i]).toBeCloseTo(value, 12);
  });

  it('interpolates between resamples', () => {
    const got = bootstrapIntervals(answers, everybody, 2, rng(5, 'bootstrap'));
    const [low = 0, high = 0] = byDefinition(answers, everybody, 2, 5).auc.toSorted((a, b) => a - b);
    expect(got.auc?.[0]).toBeCloseTo(low + 0.025 * (high - low), 12);
    expect(got.auc?.[1]).toBeCloseTo(low + 0.975 * (high - low), 12);
  });

  it("is about as wide as DeLong's interval, and lies around the difference", () => {
    const many = invented(800, 6);
    const [low, high] = bootstrapIntervals(many, [many.labels.map((_, i) => i)], 2000, rng(1, 'b')).auc ?? [
      0, 0,
    ];
    const delong = delongTest(many.labels, many.scoresA, many.scoresB);
    if (delong === null) throw new Error('both classes are there');
    const expected = 2 * 1.96 * Math.sqrt(delong.varianceOfDifference);
    expect((high - low) / expected).toBeGreaterThan(0.93);
    expect((high - low) / expected).toBeLessThan(1.07);
    expect(Math.abs((low + high) / 2 - (delong.aucA - delong.aucB))).toBeLessThan(expected / 20);
  });

  it('has no AUC where one class is absent, and an interval of no width where both agree', () => {
    const living = { ...answers, labels: answers.labels.map((): Label => 0) };
    expect(bootstrapIntervals(living, everybody, resamples, rng(5, 'b')).auc).toBeNull();
    const same = { ...answers, correctB: answers.correctA, scoresB: answers.scoresA };
    expect(bootstrapIntervals(same, everybody, resamples, rng(5, 'b'))).toEqual({
      accuracy: [0, 0],
      auc: [0, 0],
    });
  });
});
