import type { Config } from '../../pipeline/config/schema.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { Problem } from '../../pipeline/core/problem.js';
import { quotedFirst } from '../../pipeline/core/wording.js';
import type { Predicted } from '../bundle/predicted-data.js';
import { include } from '../cohort/inclusion.js';
import type { Labelled, Outcome } from '../cohort/outcome-data.js';
import { mean } from '../stats/spread.js';

/** A patient with a prediction and a known outcome. */
export interface ValidatedPatient {
  readonly id: string;
  /** The patient's outcome by the rules of the training. 1 is the positive outcome. */
  readonly y: 0 | 1;
  /** Days of follow-up, and the event at their end. Null if the time is unknown or 0. */
  readonly followUp: { readonly time: number; readonly event: 0 | 1 } | null;
  /**
   * Binary outcome: one value, the predicted probability of the positive outcome. Time-to-event: the predicted
   * probabilities of the event by each horizon.
   */
  readonly chances: readonly number[];
  /** The last of `chances`: for time-to-event, the predicted probability of the event by the last horizon. */
  readonly risk: number;
  /** The modalities that the model used. */
  readonly modalities: readonly string[];
}

export interface Validated {
  readonly patients: readonly ValidatedPatient[];
  readonly withoutOutcome: readonly { readonly patient: string; readonly reason: string }[];
  readonly withoutData: number;
  readonly problems: readonly Problem[];
}

/**
 * Joins predictions and outcomes by id. The rules that defined the outcome of the training (`cohort.label`, `cohort.event`) also
 * apply here.
 *
 * @throws HafError HAF_COHORT_INVALID if no predicted patient has a known outcome
 */
export function validatedPatients(
  { patients: predicted, outcome }: Predicted,
  known: Outcome,
  config: Pick<Config, 'cohort' | 'data'>,
): Validated {
  const byId = new Map(known.patients.map((one) => [one.id, one]));
  const there = predicted.flatMap(({ patient }) => byId.get(patient) ?? []);
  if (there.length === 0) throw noOverlap(predicted, known.patients);
  const { kept, problems } = include(
    there.map(({ cause, ...patient }) => ({ patient, cause, site: null, modalities: [], hasAny: true })),
    rulesOf(config),
    outcome.kind === 'timeToEvent',
  );
  const labels = new Map(kept.map(({ patient }) => [patient.id, patient]));
  const reasons = new Map(problems.map(({ patient, reason }) => [patient, reason]));
  const left = predicted
    .filter(({ patient }) => !labels.has(patient))
    .map(({ patient }) => ({
      patient,
      reason: reasons.get(patient) ?? 'The outcome table has no known outcome of the patient.',
    }));
  const told = left.map(({ patient, reason }): Problem => ({
    ...{ severity: 'warning', stage: 'validation', patient, file: null, place: null, reason },
    fix: 'Add the outcome, or check how the id is written. The prediction is in predictions.csv.',
  }));
  if (labels.size === 0)
    throw new HafError(
      'HAF_COHORT_INVALID',
      `No patient is left to validate with. The first reason: ${left[0]?.reason ?? ''}`,
      'Check data.outcome of the cohort file; problems.csv of the run directory has the reason for each patient.',
    ).withProblems(told);
  return {
    patients: predicted.flatMap(({ patient, probabilities, survival, modalities }): ValidatedPatient[] => {
      const member = labels.get(patient);
      if (member === undefined) return [];
      const chances =
        probabilities === null ? (survival ?? []).map((of) => 1 - mean(of)) : [mean(probabilities)];
      // The Kaplan-Meier curves show the event at any time, even if the outcome is the status at a landmark.
      const event = outcome.kind === 'timeToEvent' ? member.y : (byId.get(patient) as Labelled).y;
      const time = member.followUpDays;
      return [
        {
          ...{ id: patient, y: member.y, chances, modalities },
          followUp: time === null || time <= 0 ? null : { time, event },
          risk: chances.at(-1) as number,
        },
      ];
    }),
    withoutOutcome: left,
    withoutData: known.patients.length - there.length,
    problems: told,
  };
}

/** The rules of the training without those for inclusion: every predicted patient is included. */
function rulesOf({ cohort, data }: Pick<Config, 'cohort' | 'data'>): Config['cohort'] {
  const everybody = { ...cohort, includeSites: 'all' as const, require: [] };
  // Causes of death are read only from HANCOCK's tables. For other cohorts data.outcome.event says what counts as the event.
  return data.layout === 'hancock'
    ? everybody
    : {
        ...everybody,
        label: cohort.label === 'tumorSpecific' ? 'overall' : cohort.label,
        event: cohort.event === 'tumorSpecific' ? 'overall' : cohort.event,
      };
}

const noOverlap = (
  predicted: readonly { readonly patient: string }[],
  known: readonly { readonly id: string }[],
): HafError =>
  new HafError(
    'HAF_COHORT_INVALID',
    `None of the ${predicted.length} predicted patients (${quotedFirst(predicted.map(({ patient }) => patient))}) has a known outcome. The outcome table has ${known.length} patients (${quotedFirst(known.map(({ id }) => id))}).`,
    'Compare how the ids are written in the outcome table and in the data; data.patients.id says where they are.',
  );
