/**
 * CPU time of comparing the reference method with four other methods on 763 patients. Each comparison has the tests of
 * McNemar and DeLong, Holm's correction, and 2000 resamples of the paired bootstrap. Also compares this time with that
 * of 10 resamples.
 *
 *     npx vitest run --config test/bench/vitest.config.mjs test/bench/comparisons.bench.ts
 */
import { expect, it } from 'vitest';
import { aggregate } from '../../src/operators/evaluation/aggregate.js';
import {
  evaluatedAll,
  inventedCohort,
  inventedPredictions,
  stage3Artifact,
} from '../support/invented-results.js';
import { runStage } from '../support/run-stage.js';

const methods = ['haf', 'ps3', 'mdlm', 'mfmf', 'bilinear'];
const patients = 763;

it('comparisons of a run', async () => {
  const stage3 = methods.map((method) =>
    stage3Artifact(method, 0, inventedPredictions(method, 0, 1, patients)),
  );
  const evaluate = await evaluatedAll(stage3);
  const secondsWith = async (bootstrap: number): Promise<number> => {
    const start = process.cpuUsage();
    await runStage(aggregate, {
      config: { methods: methods, cv: { folds: 2 }, stats: { bootstrap } },
      inputs: { cohort: [inventedCohort(patients)], stage3, evaluate },
    });
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
  };
  await secondsWith(10);
  const [few, all] = [await secondsWith(10), await secondsWith(2000)];
  console.log(
    `4 comparisons: ${all.toFixed(2)} s with 2000 resamples, ${(all / few).toFixed(1)} times as long as with 10`,
  );
  expect(all).toBeGreaterThan(0);
});
