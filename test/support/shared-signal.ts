import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import { isBagModality, modalities, type Modality } from '../../src/pipeline/core/modality.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { cohortFile, type Cohort } from '../../src/operators/cohort/cohort-data.js';
import { vectorsFile } from '../../src/operators/preprocessing/vectors-data.js';
import { splitsFile } from '../../src/operators/splits/split-data.js';
import { embeddingsFile } from '../../src/operators/stage1/encoder-data.js';
import { writeSafetensors, type NamedArray } from '../../src/operators/tensor/safetensors.js';
import type { MiniInputs } from './mini-cohort.js';

const patients = 300;
const folds = 5;
const deceasedShare = 0.3;
/** What no modality knows of the outcome, and what each number of a vector adds to the risk it shows. */
const chance = 0.3;
const noise = 0.5;
const widths: Readonly<Record<Modality, number>> = {
  ...{ WSI: 24, TMA: 24, Clin: 7, Path: 37, Blood: 16, ICD: 40, Cell: 4 },
};

/** The paper's method in a smaller space, trained faster. */
export const sharedSignalConfig: Partial<ConfigInput> = {
  modalities: [...modalities],
  align: { hidden: 32, width: 32 },
  fusion: { hidden: 32, projection: 32 },
  train: { epochs: 40, lr: 0.001, patience: 15, batch: 32 },
};

/**
 * What Stage 2 and 3 read of a cohort whose seven modalities show one thing only, the risk that decides the outcome,
 * each with noise of its own. Every patient has all of them.
 *
 * @param blur standard deviation of what a modality adds to the risk (1) it shows
 * @param fold which fifth of the patients is tested; the next one validates
 */
export function sharedSignal(seed: number, blur: (modality: Modality) => number, fold: number): MiniInputs {
  const stream = rng(seed, 'shared-signal');
  const risks = Array.from({ length: patients }, () => stream.normal());
  const outcomes = risks.map((risk) => risk + chance * stream.normal());
  const limit = [...outcomes].sort((a, b) => b - a)[Math.round(deceasedShare * patients)] ?? 0;
  const observed: NamedArray = { shape: [patients], data: new Uint8Array(patients).fill(1) };
  const vectorsOf = (modality: Modality): NamedArray => {
    const width = widths[modality];
    const direction = Array.from({ length: width }, () => stream.normal());
    const rows = risks.map((risk) => {
      const shown = risk + blur(modality) * stream.normal();
      return direction.map((side) => side * shown + noise * stream.normal());
    });
    return { shape: [patients, width], data: Float32Array.from(rows.flat()) };
  };
  const vectors = new Map(modalities.map((modality) => [modality, vectorsOf(modality)]));
  const cohort: Cohort = {
    modalities: [...modalities],
    columns: {},
    widths: {},
    precisions: {},
    patients: outcomes.map((outcome, i) => ({
      id: String(i).padStart(3, '0'),
      y: outcome > limit ? 1 : 0,
      followUpDays: null,
      tables: {},
      bags: {},
    })),
  };
  const partOf = (...parts: readonly number[]): string[] =>
    cohort.patients.filter((_, i) => parts.includes((i - fold + folds) % folds)).map(({ id }) => id);
  const split = { train: partOf(2, 3, 4), val: partOf(1), test: partOf(0) };
  const tables: Record<string, NamedArray> = {};
  for (const [modality, values] of vectors)
    if (!isBagModality(modality))
      Object.assign(tables, { [modality]: values, [`${modality}.mask`]: observed });
  return {
    cohort: [{ id: 'cohort', files: { [cohortFile]: cohort } }],
    split: [{ id: 'split', files: { [splitsFile]: { folds: [split], hash: 'shared-signal' } } }],
    preprocess: [{ id: 'vectors', files: { [vectorsFile]: writeSafetensors(tables) } }],
    stage1: [...vectors]
      .filter(([modality]) => isBagModality(modality))
      .map(([modality, z]) => ({
        id: modality,
        unit: isBagModality(modality) ? { fold: 0, modality } : {},
        files: { [embeddingsFile]: writeSafetensors({ z, observed }) },
      })),
  };
}
