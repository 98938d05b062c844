import {
  cohortFile,
  patientBagsFile,
  type CohortFile,
  type CohortPatient,
  type OutcomeWords,
  type PatientBags,
} from '../../src/operators/cohort/cohort-data.js';
import type { TypedTable } from '../../src/operators/tables/typed-table.js';
import { typedTableFiles } from '../../src/operators/tables/typed-table-data.js';
import { vectorsFile } from '../../src/operators/preprocessing/vectors-data.js';
import { writeSafetensors } from '../../src/operators/tensor/safetensors.js';
import type { ModalityId } from '../../src/pipeline/core/modality.js';
import type { Unit } from '../../src/pipeline/stage.js';
import type { ArtifactFiles } from './run-stage.js';

/** An artifact that a test makes, in the form that `runStage` takes. */
export interface MadeArtifact {
  readonly id: string;
  readonly unit: Unit;
  readonly files: ArtifactFiles;
}

/** The words for the outcome in HANCOCK's tables. */
export const hancockWords: OutcomeWords = {
  ...{ positive: 'deceased', negative: 'living', column: 'survival_status' },
};

/** The `cohort` artifact of these patients. */
export const cohortArtifact = (patients: readonly CohortPatient[], outcome = hancockWords): MadeArtifact => ({
  id: 'cohort',
  unit: {},
  files: { [cohortFile]: { outcome, patients: [...patients] } satisfies CohortFile },
});

/**
 * The `bags` artifact of a modality: for each patient who has the modality, the segments of the bag (ranges of rows of
 * `embed` artifacts).
 */
export const bagsArtifact = (
  modality: ModalityId,
  width: number,
  patients: PatientBags['patients'],
  precision: PatientBags['precision'] = 'float32',
): MadeArtifact => ({
  id: `bags ${modality}`,
  unit: { modality },
  files: { [patientBagsFile]: { width, precision, patients } satisfies PatientBags },
});

/** The `tables` artifact of a modality. */
export const tableArtifact = (modality: ModalityId, table: TypedTable): MadeArtifact => ({
  id: `table ${modality}`,
  unit: { modality },
  files: typedTableFiles(table),
});

/** The `preprocess` artifact of a modality: vectors [patients, width], and which patients have one. */
export const vectorsArtifact = (
  modality: ModalityId,
  values: Float32Array,
  mask: Uint8Array,
  fold = 0,
): MadeArtifact => ({
  id: `vectors ${modality}`,
  unit: { fold, modality },
  files: {
    [vectorsFile]: writeSafetensors({
      values: { shape: [mask.length, values.length / mask.length], data: values },
      mask: { shape: [mask.length], data: mask },
    }),
  },
});
