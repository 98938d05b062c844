import { describe, expect, it } from 'vitest';
import { cohort } from '../../src/operators/cohort/cohort.js';
import { tables } from '../../src/operators/cohort/tables.js';
import { preprocess } from '../../src/operators/preprocessing/preprocess.js';
import { vectorsFile } from '../../src/operators/preprocessing/vectors-data.js';
import { split } from '../../src/operators/splits/split.js';
import { splitsFile, type Splits } from '../../src/operators/splits/split-data.js';
import { readSafetensors, type NamedArray } from '../../src/operators/tensor/safetensors.js';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import { hancockTables } from '../support/hancock-tables.js';
import { runStage } from '../support/run-stage.js';
import { hancockFolder } from '../support/shared.js';

const five = ['Clin', 'Path', 'Blood', 'ICD', 'Cell'] as const;
const experiment = { config: { modalities: [...five], cohort: { require: [] } } } satisfies {
  config: Partial<ConfigInput>;
};

/** The vectors of one fold of the whole chain: tables, cohort, split, preprocess. */
async function vectorsOf(fold: number): Promise<{ vectors: Record<string, NamedArray>; splits: Splits }> {
  const sources = hancockTables();
  const read = [{ id: 'tables', files: (await runStage(tables, { ...experiment, sources })).output.files }];
  const joined = await runStage(cohort, { ...experiment, inputs: { tables: read } });
  const cohortInput = [{ id: 'cohort', files: joined.output.files }];
  const drawn = await runStage(split, { ...experiment, inputs: { cohort: cohortInput } });
  const { output } = await runStage(preprocess, {
    ...experiment,
    unit: { fold },
    inputs: { cohort: cohortInput, split: [{ id: 'split', files: drawn.output.files }] },
  });
  return {
    vectors: readSafetensors(output.files[vectorsFile] as Uint8Array),
    splits: drawn.output.files[splitsFile] as Splits,
  };
}

describe.skipIf(hancockFolder === null)('HANCOCK vectors', () => {
  it.each([0, 9])('have the widths and row counts of method.md 2.1 (fold %i)', async (fold) => {
    const { vectors, splits } = await vectorsOf(fold);
    expect(splits.folds.map(({ test }) => test.length).sort()).toEqual([
      76, 76, 76, 76, 76, 76, 76, 77, 77, 77,
    ]);
    const cells = (name: string): number[] => [...(vectors[name]?.data ?? [])];
    const found = five.map((modality) => [
      modality,
      vectors[modality]?.shape,
      cells(`${modality}.mask`).filter((readable) => readable === 1).length,
    ]);
    expect(found).toEqual([
      ['Clin', [763, 7], 763],
      ['Path', [763, 37], 763],
      ['Blood', [763, 16], 692],
      ['ICD', [763, 40], 712],
      ['Cell', [763, 4], 736],
    ]);
    for (const modality of five) expect(cells(modality).every((value) => Number.isFinite(value))).toBe(true);
  });
});
