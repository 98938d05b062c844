/**
 * CPU time of Harrell's C of 100,000 patients, divided by that of 10,000 patients. An n log n algorithm gives a ratio
 * of about 12; comparing all pairs would give 100. Also the CPU time of ridge Cox regression of 500 patients and 15,000
 * columns, compared with one matrix product of this size.
 *
 *     npx vitest run --config test/bench/vitest.config.mjs test/bench/survival.bench.ts
 */
import { expect, it } from 'vitest';
import { harrellC } from '../../src/operators/survival/concordance.js';
import { fitCoxRidge } from '../../src/operators/survival/cox-ridge.js';
import { followUpOf } from '../../src/operators/survival/follow-up.js';
import { gramOfRows } from '../../src/operators/survival/matrix.js';
import { rng } from '../../src/pipeline/core/rng.js';

const cpuSeconds = (work: () => void): number => {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
};

it('concordance', () => {
  const stream = rng(1, 'concordance');
  const seconds = [10_000, 100_000].map((patients) => {
    const list = (of: () => number): number[] => Array.from({ length: patients }, of);
    const followUp = followUpOf(
      list(() => 1 + stream.int(4000)),
      list(() => stream.int(2)),
    );
    const risks = list(() => stream.normal());
    harrellC(followUp, risks);
    return cpuSeconds(() => harrellC(followUp, risks));
  });
  const [few = NaN, many = NaN] = seconds;
  console.log(`C of 100,000 patients: ${many.toFixed(3)} s, ${(many / few).toFixed(1)} times that of 10,000`);
  expect(many).toBeGreaterThan(0);
});

it('ridge Cox regression', () => {
  const [rows, columns] = [500, 15_000];
  const stream = rng(2, 'ridge');
  const values = Float64Array.from({ length: rows * columns }, () => stream.uniform());
  const followUp = followUpOf(
    Array.from({ length: rows }, () => 1 + stream.int(4000)),
    Array.from({ length: rows }, () => stream.int(2)),
  );
  const x = { rows, columns, values };
  const product = cpuSeconds(() => gramOfRows(x));
  const fit = cpuSeconds(() => fitCoxRidge(x, followUp, rng(1, 'inner')));
  console.log(
    `${rows} patients x ${columns} columns, 21 penalties x 5 inner folds: ${fit.toFixed(1)} s, ` +
      `${(fit / product).toFixed(1)} times the products of all pairs of patients (${product.toFixed(1)} s)`,
  );
  expect(fit).toBeGreaterThan(0);
});
