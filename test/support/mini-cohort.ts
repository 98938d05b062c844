import type { ModalityId } from '../../src/pipeline/core/modality.js';
import { rng } from '../../src/pipeline/core/rng.js';
import type { Artifact, StageName, Unit } from '../../src/pipeline/stage.js';
import {
  readCohort,
  type Cohort,
  type CohortPatient,
  type PatientBags,
} from '../../src/operators/cohort/cohort-data.js';
import { featuresFiles } from '../../src/operators/features/bag-index.js';
import { splitsFile } from '../../src/operators/splits/split-data.js';
import { bagsArtifact, cohortArtifact, vectorsArtifact } from './invented-cohort.js';
import type { Changes } from './resolved-config.js';
import { scratchArtifact, type ArtifactFiles } from './run-stage.js';

/** Inputs of training stages, as `runStage` takes them. */
export type MiniInputs = Partial<Record<StageName, { id: string; unit?: Unit; files: ArtifactFiles }[]>>;

/** Keeps the artifacts of these modalities, and those that belong to no modality, as the job graph gives them to a job. */
export const ofModalities = (inputs: MiniInputs, modalities: readonly ModalityId[]): MiniInputs =>
  Object.fromEntries(
    Object.entries(inputs).map(([role, list]) => [
      role,
      list.filter(({ unit }) => unit?.modality === undefined || modalities.includes(unit.modality)),
    ]),
  );

/** The cohort, as a job sees it that gets these artifacts as inputs. */
export function cohortIn(inputs: MiniInputs): Cohort {
  const all = (role: StageName): readonly Artifact[] =>
    (inputs[role] ?? []).map(({ id, unit, files }) => scratchArtifact(id, unit ?? {}, files));
  return readCohort({ all, one: (role) => all(role)[0] as Artifact });
}

export interface MiniCohort {
  /**
   * Artifacts by the stage that made them. `embed` holds the bags, `preprocess` the vectors of the tables, and `base`
   * the cohort and the split.
   */
  readonly inputs: { readonly base: MiniInputs; readonly embed: MiniInputs; readonly preprocess: MiniInputs };
  readonly members: readonly CohortPatient[];
  readonly patients: number;
  /** Positions of the patients without a TMA bag. */
  readonly withoutTma: readonly number[];
  /** Positions of the patients without a row of blood values. */
  readonly withoutBlood: readonly number[];
}

const width = 12;
const tables = { Clin: 4, Blood: 5 } as const;

/** Settings for the mini cohort: its modalities, small networks, and a short training. */
export const miniConfig: Changes = {
  modalities: ['TMA', 'Clin', 'Blood'],
  mil: { hidden: 16, attention: 8 },
  // With the default weight of patient discrimination, the latent vectors of so small a cohort would collapse to one direction.
  align: { hidden: 16, width: 16, lambdaPD: 1, tauPd: 0.1 },
  fusion: { hidden: 16 },
  single: { hidden: 16 },
  train: { epochs: 30, batch: 16, lr: 0.01, patience: 12 },
};

/**
 * A small cohort in which every modality shows the outcome: for deceased patients, one instance in four of a TMA bag and one column
 * of each table are shifted. It has one fold: the first 60 % of patients train, the next 20 % validate, and the rest are tested.
 */
export function miniCohort(patients = 240, seed = 1): MiniCohort {
  const stream = rng(seed, 'mini-cohort');
  const labels = Array.from({ length: patients }, () => (stream.uniform() < 0.4 ? 1 : 0));
  const withoutTma = labels.map((_, i) => i).filter((i) => i % 11 === 5);
  const withoutBlood = labels.map((_, i) => i).filter((i) => i % 7 === 3);
  const rows: number[] = [];
  const bags: PatientBags['patients'] = {};
  const members = labels.map((y, i): CohortPatient => {
    const id = String(i).padStart(3, '0');
    const start = rows.length / width;
    const instances = withoutTma.includes(i) ? 0 : 3 + stream.int(8);
    for (let k = 0; k < instances * width; k++) {
      const shifted = y === 1 && k % width === 0 && Math.floor(k / width) % 4 === 0;
      rows.push(stream.normal() + (shifted ? 5 : 0));
    }
    if (instances > 0) bags[id] = [{ artifact: 'features', start, rows: instances }];
    return { id, y, followUpDays: null };
  });
  const vectors = Object.entries(tables).map(([table, columns]) => {
    const mask = Uint8Array.from(labels, (_, i) => (table === 'Blood' && withoutBlood.includes(i) ? 0 : 1));
    const data = Float32Array.from({ length: patients * columns }, (_, k) => {
      const patient = Math.floor(k / columns);
      const shift = k % columns === 0 && labels[patient] === 1 ? 1.5 : 0;
      return mask[patient] === 1 ? stream.normal() + shift : 0;
    });
    return vectorsArtifact(table, data, mask);
  });
  const idsOf = (from: number, to: number): string[] =>
    members.slice(Math.round(from * patients), Math.round(to * patients)).map(({ id }) => id);
  const fold = { train: idsOf(0, 0.6), val: idsOf(0.6, 0.8), test: idsOf(0.8, 1) };
  return {
    patients,
    members,
    withoutTma,
    withoutBlood,
    inputs: {
      base: {
        cohort: [cohortArtifact(members)],
        split: [{ id: 'split', files: { [splitsFile]: { folds: [fold], hash: 'mini' } } }],
      },
      embed: {
        bags: [bagsArtifact('TMA', width, bags)],
        embed: [
          {
            id: 'features',
            unit: { modality: 'TMA' },
            files: { [featuresFiles.float32]: new Uint8Array(Float32Array.from(rows).buffer) },
          },
        ],
      },
      preprocess: { preprocess: vectors },
    },
  };
}
