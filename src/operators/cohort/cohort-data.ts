import { z } from 'zod';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Artifact, Inputs } from '../../pipeline/stage.js';
import { precisions, type Precision } from '../features/bag-index.js';

export const cohortFile = 'cohort.json';
export const flowFile = 'cohort-flow.json';
/** The content of a `bags` artifact: the bag of each patient in one modality. */
export const patientBagsFile = 'patient-bags.json';

/** A range of rows in the features of one `embed` artifact. A bag is the concatenation of its segments. */
export const segmentSchema = z.strictObject({
  artifact: z.string(),
  start: z.number().int().min(0),
  rows: z.number().int().positive(),
});
export type Segment = z.infer<typeof segmentSchema>;

export const patientBagsSchema = z.strictObject({
  /** Number of values in one instance, and how the `embed` artifacts store it. Null if no file could be read. */
  width: z.number().int().positive().nullable(),
  precision: z.enum(precisions).nullable(),
  /** The segments that form the bag of each patient, in the order of method.md 2.5 and 2.6. */
  patients: z.record(z.string(), z.array(segmentSchema)),
});
export type PatientBags = z.infer<typeof patientBagsSchema>;

/** The user's words for the two outcomes, and the name of the column that holds the outcome. */
export const outcomeWordsSchema = z.strictObject({
  positive: z.string(),
  negative: z.string(),
  column: z.string(),
});
export type OutcomeWords = z.infer<typeof outcomeWordsSchema>;

export const cohortPatientSchema = z.strictObject({
  id: z.string(),
  /** Outcome at the last contact, or with `cohort.label: landmark` at the landmark: 1 positive, 0 negative. */
  y: z.union([z.literal(0), z.literal(1)]),
  followUpDays: z.number().nullable(),
});
export type CohortPatient = z.infer<typeof cohortPatientSchema>;

export const flowStepSchema = z.strictObject({
  step: z.string(),
  patients: z.number().int(),
  positive: z.number().int(),
});
export type FlowStep = z.infer<typeof flowStepSchema>;

/** The output of the `cohort` stage: its patients, sorted by id. Every later stage indexes patients in this order. */
export const cohortFileSchema = z.strictObject({
  outcome: outcomeWordsSchema,
  patients: z.array(cohortPatientSchema),
});
export type CohortFile = z.infer<typeof cohortFileSchema>;

/** A patient with the bags that a job reads. */
export interface Patient extends CohortPatient {
  readonly bags: Readonly<Partial<Record<ModalityId, readonly Segment[]>>>;
}

/** The cohort for a job: its patients with the bags of the modalities whose `bags` artifacts the job reads. */
export interface Cohort {
  readonly outcome: OutcomeWords;
  readonly patients: readonly Patient[];
  /** Number of values in one instance per bag modality. */
  readonly widths: Readonly<Partial<Record<ModalityId, number>>>;
  /** How the `embed` artifacts of a bag modality store their instances. */
  readonly precisions: Readonly<Partial<Record<ModalityId, Precision>>>;
}

/** Reads `cohort` and the `bags` artifacts among the inputs of a job. */
export const readCohort = (inputs: Inputs): Cohort =>
  withBags(inputs.one('cohort').json(cohortFile, cohortFileSchema), inputs.all('bags'));

/** Adds the bags in `bags` artifacts to their patients. */
export function withBags({ outcome, patients }: CohortFile, artifacts: readonly Artifact[]): Cohort {
  const bags = artifacts.map((artifact) => [modalityOf(artifact), readPatientBags(artifact)] as const);
  const known = <T>(of: (bags: PatientBags) => T | null): Partial<Record<ModalityId, T>> =>
    Object.fromEntries(bags.flatMap(([id, own]) => (of(own) === null ? [] : [[id, of(own) as T]])));
  return {
    outcome,
    widths: known(({ width }) => width),
    precisions: known(({ precision }) => precision),
    patients: patients.map((patient) => ({
      ...patient,
      bags: Object.fromEntries(
        bags.flatMap(([id, own]) =>
          Object.hasOwn(own.patients, patient.id) ? [[id, own.patients[patient.id] ?? []]] : [],
        ),
      ),
    })),
  };
}

export const readPatientBags = (artifact: Artifact): PatientBags =>
  artifact.json(patientBagsFile, patientBagsSchema);

/**
 * The modality of an artifact.
 * @throws Error if its unit does not name one
 */
export function modalityOf({ id, unit: { modality } }: Artifact): ModalityId {
  if (modality === undefined) throw new Error(`Artifact ${id} does not say its modality`);
  return modality;
}
