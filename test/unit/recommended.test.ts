import { describe, expect, it } from 'vitest';
import { aggregate } from '../../src/operators/evaluation/aggregate.js';
import { concordanceWithInterval } from '../../src/operators/evaluation/concordance-interval.js';
import { rankedByValidation } from '../../src/operators/evaluation/recommend.js';
import { recommendedLines } from '../../src/operators/evaluation/recommended-data.js';
import { summaryFile, summarySchema } from '../../src/operators/evaluation/summary-data.js';
import type { Prediction } from '../../src/operators/stage3/prediction-data.js';
import type { TestedPatient } from '../../src/operators/survival/risk-groups.js';
import { rng } from '../../src/pipeline/core/rng.js';
import {
  evaluatedAll,
  inventedCohort,
  inventedIds,
  inventedOutcome,
  predicted,
  stage3Artifact,
} from '../support/invented-results.js';
import { runStage } from '../support/run-stage.js';

const scored = (method: string, ...scores: readonly (number | null)[]) => ({
  ...{ method, title: method.toUpperCase() },
  folds: new Map(scores.flatMap((score, fold) => (score === null ? [] : [[fold, score] as const]))),
});

describe('the ranking by validation scores', () => {
  it('takes the mean over the folds in which every method has a score', () => {
    // In fold 0, scores are high, but method b has no score there. This must not be a disadvantage for b.
    const ranked = rankedByValidation([scored('a', 0.9, 0.6, 0.6), scored('b', null, 0.7, 0.6)]);
    expect(ranked.map(({ method }) => method)).toEqual(['b', 'a']);
    expect(ranked[0]?.validation).toEqual({
      mean: expect.closeTo(0.65, 12) as number,
      std: expect.closeTo(0.05, 12) as number,
      folds: 2,
    });
  });

  it('keeps the order of the experiment where means are equal but for rounding', () => {
    const ranked = rankedByValidation([scored('a', 0.1, 0.2, 0.3), scored('b', 0.3, 0.2, 0.1)]);
    expect(ranked.map(({ method }) => method)).toEqual(['a', 'b']);
  });

  it('leaves out methods without any score, and ranks nobody when no fold is shared', () => {
    expect(rankedByValidation([scored('a', null), scored('b', 0.4)]).map(({ method }) => method)).toEqual([
      'b',
    ]);
    expect(rankedByValidation([scored('a', 0.5, null), scored('b', null, 0.5)])).toEqual([]);
  });
});

/**
 * Predictions of a method in fold k. `right` gives the share of validation and of test patients whose prediction is
 * right.
 */
const fold = (method: string, k: number, right: { readonly val: number; readonly test: number }) => {
  const ids = inventedIds(60);
  const of = (split: 'val' | 'test', own: readonly string[]): Prediction[] => {
    const random = rng(3, `${split}/${k}/${right[split]}`);
    return own.map((id) => {
      const y = inventedOutcome(id);
      return predicted(id, y, right[split] * (2 * y - 1) + random.normal(), { split });
    });
  };
  const [first, second] = [ids.slice(0, 30), ids.slice(30)];
  return stage3Artifact(method, k, [
    ...of('val', k === 0 ? second : first),
    ...of('test', k === 0 ? first : second),
  ]);
};

const summaryOf = async (methods: readonly (readonly [string, { val: number; test: number }])[]) => {
  const stage3 = methods.flatMap(([method, right]) => [0, 1].map((k) => fold(method, k, right)));
  const config = { methods: methods.map(([method]) => method), cv: { folds: 2 }, stats: { bootstrap: 200 } };
  const { output } = await runStage(aggregate, {
    config,
    inputs: { cohort: [inventedCohort(60)], stage3, evaluate: await evaluatedAll(stage3, config) },
  });
  return {
    summary: summarySchema.parse(output.files[summaryFile]),
    markdown: new TextDecoder().decode(output.files['summary.md'] as Uint8Array),
  };
};

describe('the recommended method', () => {
  it('is chosen by validation patients although another one is better on test patients', async () => {
    const { summary, markdown } = await summaryOf([
      ['haf', { val: 0.2, test: 2.5 }],
      ['drop', { val: 1.5, test: 0.3 }],
      ['all_mlp', { val: 0.6, test: 0.4 }],
    ]);
    const { recommended, rows } = summary;
    expect(rows[0]?.auc.mean).toBeGreaterThan(rows[1]?.auc.mean ?? 1);
    expect(recommended).toMatchObject({ metric: 'AUC', method: 'drop', methods: 3, tied: [] });
    expect(recommended?.next?.method).toBe('all_mlp');
    expect(recommended?.validation.mean).toBeGreaterThan(recommended?.next?.validation.mean ?? 1);
    expect(recommended?.test).toEqual({ spread: rows[1]?.auc, pooled: rows[1]?.pooledAuc });
    expect(recommended?.difference?.value).toBeCloseTo(
      (rows[1]?.pooledAuc.value ?? 0) - (rows[2]?.pooledAuc.value ?? 0),
      12,
    );
    expect(recommended?.difference?.ci95?.[0]).toBeLessThan(recommended?.difference?.value ?? 0);
    expect(markdown).toMatch(
      /^Recommended by validation patients: Random-Modality Drop, mean validation AUC 0\.\d{3} ± 0\.\d{3} over 2 folds\. The next of 3 methods is All-Modality Fusion MLP .* Difference to All-Modality Fusion MLP: [+-]0\.\d{3} \[/m,
    );
  });

  it('is the only one of a run with one method', async () => {
    const { summary, markdown } = await summaryOf([['haf', { val: 1, test: 1 }]]);
    expect(summary.recommended).toMatchObject({ method: 'haf', next: null, difference: null, methods: 1 });
    expect(markdown).toContain('It is the only method with validation scores.');
  });

  it('is the first of those with equal means, and names the others', async () => {
    const { summary } = await summaryOf([
      ['ga', { val: 1, test: 1 }],
      ['haf', { val: 1, test: 1 }],
    ]);
    const { recommended } = summary;
    expect(recommended).toMatchObject({ method: 'ga', tied: ['HAF'] });
    expect(recommended?.difference).toMatchObject({ value: 0, p: null });
    expect(recommended === null ? '' : recommendedLines(recommended).join(' ')).toContain(
      'HAF has the same mean; the first of the experiment is taken.',
    );
  });
});

describe('C with its interval', () => {
  const patients = Array.from({ length: 40 }, (_, i): TestedPatient => ({
    ...{ patient: `p${i}`, fold: i % 2, time: 100 + 10 * i, event: i % 3 === 0 ? 0 : 1 },
    risk: ((i * 7) % 40) / 10 - i / 8,
  }));

  it('counts the pairs within folds, and encloses C', () => {
    const { value, ci95 } = concordanceWithInterval(patients, 400, rng(1, 'c'));
    let [right, pairs] = [0, 0];
    for (const a of patients)
      for (const b of patients) {
        if (a.fold !== b.fold || a.event === 0 || a.time >= b.time) continue;
        pairs += 1;
        right += a.risk > b.risk ? 1 : a.risk === b.risk ? 0.5 : 0;
      }
    expect(value).toBeCloseTo(right / pairs, 12);
    expect(ci95?.[0]).toBeLessThan(value ?? 0);
    expect(ci95?.[1]).toBeGreaterThan(value ?? 1);
  });

  it('says why there is none', () => {
    const censored = patients.map((one) => ({ ...one, event: 0 as const }));
    expect(concordanceWithInterval(censored, 10, rng(1, 'c'))).toMatchObject({
      ...{ value: null, ci95: null },
      reason: expect.stringContaining('no comparable pair') as string,
    });
  });
});
