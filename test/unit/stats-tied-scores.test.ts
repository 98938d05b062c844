import { describe, expect, it } from 'vitest';
import { tooFew, delongReason } from '../../src/operators/evaluation/undefined-reasons.js';
import { metricsOf } from '../../src/operators/evaluation/metrics.js';
import { pooledAucOf, poolTestScores } from '../../src/operators/evaluation/pooled.js';
import { auc } from '../../src/operators/stats/auc.js';
import type { Label } from '../../src/operators/stats/labels.js';
import { tiedScores } from '../../src/operators/stats/tied-scores.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { predicted } from '../support/invented-results.js';

describe('scores that differ by rounding alone', () => {
  it('are ties, wherever the digits turn', () => {
    expect(tiedScores([-0.07355012744665146, 2, -0.07355013489723206])).toEqual([
      -0.07355013489723206, 2, -0.07355013489723206,
    ]);
    // Rounding to six digits would make these two scores different.
    expect(tiedScores([0.12345650000001, 0.12345649999999])).toEqual([0.12345649999999, 0.12345649999999]);
    expect(tiedScores([2e-9, -3e-9])).toEqual([-3e-9, -3e-9]);
    expect(tiedScores([3.4e38, 3.4e38, Infinity, -Infinity])).toEqual([3.4e38, 3.4e38, Infinity, -Infinity]);
  });

  it('give equal patients an AUC of exactly 0.5, with the noise of float32 on any size of score', () => {
    const random = rng(3, 'ties');
    for (const size of [1e-3, 0.07, 1, 40, -1e4]) {
      const scores = Array.from({ length: 60 }, () =>
        Math.fround(size * (1 + 2e-7 * (random.uniform() - 0.5))),
      );
      const labels = scores.map((_, i): Label => (i % 3 === 0 ? 1 : 0));
      expect(auc(labels, tiedScores(scores))).toBe(0.5);
      const folds = [
        { fold: 0, predictions: scores.map((logit, i) => predicted(String(i), labels[i] ?? 0, logit)) },
      ];
      expect(metricsOf(folds[0]?.predictions ?? []).auc).toBe(0.5);
      const pooled = poolTestScores('haf', folds, { mode: 'kfold', folds: 1, repeats: 1 });
      expect(pooledAucOf(pooled, words).value).toBe(0.5);
    }
  });

  it('leave scores that differ by more as they are, and small probabilities apart', () => {
    const scores = [0.1, 0.1000002, -0.5, 3, 3.00001];
    expect(tiedScores(scores)).toEqual(scores);
    expect(tiedScores([1e-9, 2e-9], 'probability')).toEqual([1e-9, 2e-9]);
    expect(tiedScores([0.25, 0.2500000001], 'probability')).toEqual([0.25, 0.25]);
    expect(tiedScores([])).toEqual([]);
  });
});

const words = { positive: 'deceased', negative: 'living' };

describe('the reason of a number that is not defined', () => {
  const scored = (labels: readonly Label[]) => ({
    ...{ patients: labels.map(String), labels, probabilities: labels.map(() => 0.5) },
    scores: labels.map((_, i) => i),
  });

  it.each([
    [[], 'Patients of one outcome only (0 deceased, 0 living): an AUC needs both.'],
    [[0, 0, 0], 'Patients of one outcome only (0 deceased, 3 living): an AUC needs both.'],
    [
      [1, 0, 0],
      "Fewer than two patients of one outcome (1 deceased, 2 living): DeLong's variance is not defined.",
    ],
  ] as const)('stands beside the pooled AUC: %j', (labels, reason) => {
    expect(tooFew(labels, words)).toBe(reason);
    expect(pooledAucOf(scored(labels), words)).toMatchObject({ ci95: null, reason });
  });

  it('is absent where the interval is defined', () => {
    expect(pooledAucOf(scored([1, 0, 1, 0]), words)).not.toHaveProperty('reason');
  });

  it("names the folds that DeLong's test cannot use, and what to do", () => {
    const fold = (fold: number, labels: readonly Label[]) => ({ fold, labels });
    expect(delongReason([fold(0, [1, 0, 0]), fold(1, [0, 0, 1]), fold(3, [1, 0, 0, 0])], words)).toBe(
      "Fewer than two deceased patients in folds 0, 1 and 3, so DeLong's variance is not defined; use stats.pooling: pooled.",
    );
    expect(delongReason([fold(0, [1, 1, 0]), fold(1, [0, 0, 1, 1])], words)).toBe(
      "Fewer than two living patients in fold 0: DeLong's test leaves it out.",
    );
    expect(delongReason([fold(0, [1, 1, 0, 0])], words)).toBeNull();
  });
});
