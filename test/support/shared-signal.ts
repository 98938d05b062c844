import type { ModalityId } from '../../src/pipeline/core/modality.js';
import { rng } from '../../src/pipeline/core/rng.js';
import type { CohortPatient } from '../../src/operators/cohort/cohort-data.js';
import { splitsFile } from '../../src/operators/splits/split-data.js';
import { embeddingsFile } from '../../src/operators/stage1/encoder-data.js';
import { writeSafetensors } from '../../src/operators/tensor/safetensors.js';
import { cohortArtifact, vectorsArtifact } from './invented-cohort.js';
import type { MiniInputs } from './mini-cohort.js';
import type { Changes } from './resolved-config.js';

const patients = 300;
const folds = 5;
const deceasedShare = 0.3;
/**
 * Standard deviations of noise. `chance`: the part of the outcome that no modality can predict. `noise`: added to each
 * number of a vector.
 */
const chance = 0.3;
const noise = 0.5;
const bagWidths = { WSI: 24, TMA: 24 };
const tableWidths = { Clin: 7, Path: 37, Blood: 16, ICD: 40, Cell: 4 };
const widths: Readonly<Record<ModalityId, number>> = { ...bagWidths, ...tableWidths };
const modalities = Object.keys(widths);

/** The method of the paper with a smaller latent space and shorter training. */
export const sharedSignalConfig: Changes = {
  modalities,
  align: { hidden: 32, width: 32 },
  fusion: { hidden: 32, projection: 32 },
  train: { epochs: 40, lr: 0.001, patience: 15, batch: 32 },
};

/**
 * The input of Stage 2 and Stage 3 for a cohort in which seven modalities all show the same quantity: the risk that decides the
 * outcome. Each modality adds its own noise. Every patient has all modalities.
 *
 * @param blur standard deviation of the noise that a modality adds to the risk, whose standard deviation is 1
 * @param fold which fifth of the patients is tested; the next fifth validates
 */
export function sharedSignal(seed: number, blur: (modality: ModalityId) => number, fold: number): MiniInputs {
  const stream = rng(seed, 'shared-signal');
  const risks = Array.from({ length: patients }, () => stream.normal());
  const outcomes = risks.map((risk) => risk + chance * stream.normal());
  const limit = [...outcomes].sort((a, b) => b - a)[Math.round(deceasedShare * patients)] ?? 0;
  const observed = new Uint8Array(patients).fill(1);
  const vectorsOf = (modality: ModalityId): Float32Array => {
    const width = widths[modality] ?? 0;
    const direction = Array.from({ length: width }, () => stream.normal());
    const rows = risks.map((risk) => {
      const shown = risk + blur(modality) * stream.normal();
      return direction.map((side) => side * shown + noise * stream.normal());
    });
    return Float32Array.from(rows.flat());
  };
  // All modalities draw from one random stream, in this order. Another order would change the test data.
  const vectors = new Map(modalities.map((modality) => [modality, vectorsOf(modality)]));
  const of = (modality: ModalityId): Float32Array => vectors.get(modality) ?? new Float32Array();
  const members = outcomes.map((outcome, i): CohortPatient => ({
    id: String(i).padStart(3, '0'),
    y: outcome > limit ? 1 : 0,
    followUpDays: null,
  }));
  const partOf = (...parts: readonly number[]): string[] =>
    members.filter((_, i) => parts.includes((i - fold + folds) % folds)).map(({ id }) => id);
  const split = { train: partOf(2, 3, 4), val: partOf(1), test: partOf(0) };
  return {
    cohort: [cohortArtifact(members)],
    split: [{ id: 'split', files: { [splitsFile]: { folds: [split], hash: 'shared-signal' } } }],
    preprocess: Object.keys(tableWidths).map((table) => vectorsArtifact(table, of(table), observed)),
    stage1: Object.entries(bagWidths).map(([modality, width]) => ({
      id: modality,
      unit: { fold: 0, modality },
      files: {
        [embeddingsFile]: writeSafetensors({
          z: { shape: [patients, width], data: of(modality) },
          observed: { shape: [patients], data: observed },
        }),
      },
    })),
  };
}
