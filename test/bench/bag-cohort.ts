import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Cohort } from '../../src/operators/cohort/cohort-data.js';
import { featuresFiles } from '../../src/operators/features/bag-index.js';
import { rng } from '../../src/pipeline/core/rng.js';
import type { ModalityId } from '../../src/pipeline/core/modality.js';
import type { Artifact } from '../../src/pipeline/stage.js';
import { scratchArtifact } from '../support/run-stage.js';

/** One patient in four is deceased. */
export const labelsOf = (count: number): readonly (0 | 1)[] =>
  Array.from({ length: count }, (_, i) => (i % 4 === 0 ? 1 : 0));

/** Sizes of slides: 500 to 4000 instances. */
export function slideSizes(count: number): readonly number[] {
  const stream = rng(1, 'sizes');
  return Array.from({ length: count }, () => 500 + stream.int(3501));
}

/**
 * A cohort in which each patient has one bag of random numbers. The bags are files of several gigabytes, which exist
 * until the benchmark ends.
 */
export function bagCohort(
  modality: ModalityId,
  sizes: readonly number[],
  width: number,
): { readonly cohort: Cohort; readonly features: Artifact } {
  const folder = mkdtempSync(join(tmpdir(), 'haf-bench-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, featuresFiles.float32);
  const descriptor = openSync(file, 'w');
  const stream = rng(1, modality);
  for (const size of sizes) {
    const bag = new Float32Array(size * width);
    for (let i = 0; i < bag.length; i++) bag[i] = stream.uniform() - 0.5;
    writeSync(descriptor, bag);
  }
  closeSync(descriptor);
  let start = 0;
  const patients = sizes.map((rows, i) => {
    const segment = { artifact: 'features', start, rows };
    start += rows;
    return {
      ...{ id: String(i), y: labelsOf(sizes.length)[i] as 0 | 1, followUpDays: null },
      bags: { [modality]: [segment] },
    };
  });
  return {
    cohort: {
      ...{ outcome: { positive: 'deceased', negative: 'living', column: 'survival_status' }, patients },
      ...{ widths: { [modality]: width }, precisions: { [modality]: 'float32' } },
    },
    features: { ...scratchArtifact('features', {}, {}), path: () => file },
  };
}
