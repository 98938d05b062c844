import { describe, expect, it } from 'vitest';
import { cohort } from '../../src/operators/cohort/cohort.js';
import { preprocess } from '../../src/operators/preprocessing/preprocess.js';
import { vectorsFile } from '../../src/operators/preprocessing/vectors-data.js';
import { split } from '../../src/operators/splits/split.js';
import { splitsFile, type Splits } from '../../src/operators/splits/split-data.js';
import { readSafetensors, type NamedArray } from '../../src/operators/tensor/safetensors.js';
import { hancockOutcome, hancockTable } from '../support/hancock-tables.js';
import { tableArtifact } from '../support/invented-cohort.js';
import type { Changes } from '../support/resolved-config.js';
import { runStage } from '../support/run-stage.js';
import { hancockFolder } from '../support/shared.js';

const five = ['Clin', 'Path', 'Blood', 'ICD', 'Cell'] as const;
const experiment = { config: { modalities: [...five], cohort: { require: [] } } } satisfies {
  config: Changes;
};

/** Runs the stages outcome, tables, cohort, split and preprocess. Returns the vectors of one fold. */
async function vectorsOf(
  fold: number,
): Promise<{ vectors: Record<string, Record<string, NamedArray>>; splits: Splits }> {
  const outcome = await hancockOutcome();
  const read = await Promise.all(
    five.map(async (modality) => tableArtifact(modality, (await hancockTable(modality, outcome)).table)),
  );
  const joined = await runStage(cohort, { ...experiment, inputs: { outcome: [outcome], tables: read } });
  const cohortInput = [{ id: 'cohort', files: joined.output.files }];
  const drawn = await runStage(split, { ...experiment, inputs: { cohort: cohortInput } });
  const vectors: Record<string, Record<string, NamedArray>> = {};
  for (const [at, modality] of five.entries()) {
    const { output } = await runStage(preprocess, {
      ...experiment,
      unit: { fold, modality },
      inputs: {
        cohort: cohortInput,
        split: [{ id: 'split', files: drawn.output.files }],
        tables: read.slice(at, at + 1),
      },
    });
    vectors[modality] = readSafetensors(output.files[vectorsFile] as Uint8Array);
  }
  return { vectors, splits: drawn.output.files[splitsFile] as Splits };
}

describe.skipIf(hancockFolder === null)('HANCOCK vectors', () => {
  it.each([0, 9])('have the widths and row counts of method.md 2.1 (fold %i)', async (fold) => {
    const { vectors, splits } = await vectorsOf(fold);
    expect(splits.folds.map(({ test }) => test.length).sort()).toEqual([
      76, 76, 76, 76, 76, 76, 76, 77, 77, 77,
    ]);
    const cells = (modality: string, name: string): number[] => [...(vectors[modality]?.[name]?.data ?? [])];
    const found = five.map((modality) => [
      modality,
      vectors[modality]?.['values']?.shape,
      cells(modality, 'mask').filter((readable) => readable === 1).length,
    ]);
    expect(found).toEqual([
      ['Clin', [763, 7], 763],
      ['Path', [763, 37], 763],
      ['Blood', [763, 16], 692],
      ['ICD', [763, 40], 712],
      ['Cell', [763, 4], 736],
    ]);
    for (const modality of five)
      expect(cells(modality, 'values').every((value) => Number.isFinite(value))).toBe(true);
  });
});
