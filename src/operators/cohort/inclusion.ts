import { hancockCause } from '../../pipeline/config/cohorts/hancock.js';
import type { Config } from '../../pipeline/config/schema.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { FlowStep, CohortPatient } from './cohort-data.js';
import { landmarkStatus } from './landmark.js';

/** A labelled patient with all facts that the rules need. */
export interface Candidate {
  readonly patient: CohortPatient;
  /** The patient's modalities, among those that decide whether a patient is in the cohort. */
  readonly modalities: readonly ModalityId[];
  /**
   * Whether the patient is in the list of patients with any modality of the experiment. Null if there is no such list;
   * `modalities` then decides.
   */
  readonly hasAny: boolean | null;
  /** Cause of death: the patient's `survival_status_with_cause` in HANCOCK. Null for other cohorts. */
  readonly cause: string | null;
  /** Tumour site: code of the patient's `primary_tumor_site` in HANCOCK. Null if it is unknown or not needed. */
  readonly site: number | null;
}

/** A rule that leaves patients out. */
interface Rule {
  /** Name of the group that remains after the rule. */
  readonly step: string;
  readonly key: string;
  /** Returns the candidate if it stays, or the reason why it is left out. */
  readonly apply: (candidate: Candidate) => Candidate | string;
}

const keepIf =
  (keeps: (candidate: Candidate) => boolean, reason: string): Rule['apply'] =>
  (candidate) =>
    keeps(candidate) ? candidate : reason;

/**
 * Leaves out patients whose status at the landmark is unknown. For all other patients, the status at the landmark
 * becomes the outcome.
 */
const atLandmark =
  (years: number): Rule['apply'] =>
  ({ patient, ...rest }) => {
    const y = landmarkStatus(patient, years);
    return typeof y === 'string' ? y : { patient: { ...patient, y }, ...rest };
  };

/**
 * HANCOCK: a death whose cause is not the tumour, or is unknown, counts as censoring. It ends the follow-up without the
 * event.
 */
const censoredAtOtherDeath: Rule['apply'] = ({ patient, ...rest }) => ({
  patient: { ...patient, y: patient.y === 1 && rest.cause === hancockCause.tumorSpecific ? 1 : 0 },
  ...rest,
});

/** Rules for a time-to-event outcome. The remaining patients have a time above 0 (method.md 11.1). */
const timeRules = ({ event }: Config['cohort']): readonly Rule[] => [
  {
    step: 'with a time',
    key: 'data.outcome.time',
    apply: keepIf(({ patient }) => patient.followUpDays !== null, 'The time of follow-up is unknown.'),
  },
  {
    step: 'time above 0',
    key: 'data.outcome.time',
    apply: keepIf(
      ({ patient }) => (patient.followUpDays ?? 0) > 0,
      'The time of follow-up is 0: the patient was not followed.',
    ),
  },
  ...(event === 'tumorSpecific'
    ? [{ step: 'death from the tumour is the event', key: 'cohort.event', apply: censoredAtOtherDeath }]
    : []),
];

/** The rules of an experiment, in the order in which method.md 1.3 counts the remaining patients. */
function inclusionRules(config: Config['cohort'], inTime: boolean): readonly Rule[] {
  const { label, landmarkYears, includeSites, require } = config;
  const { notTumorSpecific } = hancockCause;
  const rules: Rule[] = inTime ? [...timeRules(config)] : [];
  if (label === 'tumorSpecific')
    rules.push({
      step: 'label tumorSpecific',
      key: 'cohort.label',
      apply: keepIf(
        ({ cause }) => cause !== notTumorSpecific,
        `Outcome "${notTumorSpecific}" is left out by cohort.label: tumorSpecific.`,
      ),
    });
  if (label === 'landmark')
    rules.push({
      step: `status at ${landmarkYears} years known`,
      key: 'cohort.landmarkYears',
      apply: atLandmark(landmarkYears),
    });
  if (includeSites !== 'all')
    rules.push({
      step: `site ${includeSites.join(', ')}`,
      key: 'cohort.includeSites',
      apply: keepIf(
        ({ site }) => site !== null && includeSites.includes(site),
        'The primary tumour site is unknown or not one of cohort.includeSites.',
      ),
    });
  for (const modality of require)
    rules.push({
      step: `with ${modality}`,
      key: 'cohort.require',
      apply: keepIf(
        ({ modalities: own }) => own.includes(modality),
        `The patient has no ${modality}, which cohort.require asks for.`,
      ),
    });
  rules.push({
    step: 'with any modality',
    key: 'modalities',
    apply: keepIf(
      ({ modalities: own, hasAny }) => hasAny ?? own.length > 0,
      'The patient has none of the modalities.',
    ),
  });
  return rules;
}

const count = (step: string, candidates: readonly Candidate[]): FlowStep => ({
  step,
  patients: candidates.length,
  positive: candidates.filter(({ patient }) => patient.y === 1).length,
});

/**
 * Applies the rules of `cohort` one after another. `flow` counts the remaining patients after each rule, from
 * "labelled" to "cohort". `problems` names every patient that was left out, with the rule.
 *
 * @param inTime whether the outcome is time-to-event
 */
export function include(
  candidates: readonly Candidate[],
  config: Config['cohort'],
  inTime = false,
): { kept: readonly Candidate[]; flow: readonly FlowStep[]; problems: readonly Problem[] } {
  let kept = candidates;
  const flow = [count('labelled', kept)];
  const problems: Problem[] = [];
  for (const { step, key, apply } of inclusionRules(config, inTime)) {
    kept = kept.flatMap((candidate) => {
      const outcome = apply(candidate);
      if (typeof outcome !== 'string') return [outcome];
      problems.push({
        severity: 'info',
        stage: 'cohort',
        patient: candidate.patient.id,
        file: null,
        place: key,
        reason: outcome,
        fix: `Change ${key} to keep the patient.`,
      });
      return [];
    });
    flow.push(count(step, kept));
  }
  flow.push(count('cohort', kept));
  return { kept, flow, problems };
}
