import type { Config } from '../../pipeline/config/schema.js';
import { inCanonicalOrder, modalities } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';
import { isObserved, type FlowStep, type Patient } from './cohort-data.js';
import { notTumorSpecific } from './targets-table.js';

/** A labelled patient with everything the rules look at. */
export interface Candidate {
  readonly patient: Patient;
  /** `survival_status_with_cause`. */
  readonly cause: string;
  /** Code of primary_tumor_site; null when unknown. */
  readonly site: number | null;
}

/** One reason to leave patients out. */
interface Rule {
  /** Name of the group that is left after it. */
  readonly step: string;
  readonly key: string;
  readonly reason: string;
  readonly keeps: (candidate: Candidate) => boolean;
}

/** The rules of an experiment, in the order the funnel of method.md 1.3 counts them. */
function inclusionRules({ label, includeSites, require }: Config['cohort']): readonly Rule[] {
  const rules: Rule[] = [];
  if (label === 'tumorSpecific')
    rules.push({
      step: 'label tumorSpecific',
      key: 'cohort.label',
      reason: `Outcome "${notTumorSpecific}" is left out by cohort.label: tumorSpecific.`,
      keeps: ({ cause }) => cause !== notTumorSpecific,
    });
  if (includeSites !== 'all')
    rules.push({
      step: `site ${includeSites.join(', ')}`,
      key: 'cohort.includeSites',
      reason: 'The primary tumour site is unknown or not one of cohort.includeSites.',
      keeps: ({ site }) => site !== null && includeSites.includes(site),
    });
  for (const modality of inCanonicalOrder(require))
    rules.push({
      step: `with ${modality}`,
      key: 'cohort.require',
      reason: `The patient has no ${modality}, which cohort.require asks for.`,
      keeps: ({ patient }) => isObserved(patient, modality),
    });
  rules.push({
    step: 'with any modality',
    key: 'modalities',
    reason: 'The patient has none of the modalities.',
    keeps: ({ patient }) => modalities.some((modality) => isObserved(patient, modality)),
  });
  return rules;
}

const count = (step: string, candidates: readonly Candidate[]): FlowStep => ({
  step,
  patients: candidates.length,
  deceased: candidates.filter(({ patient }) => patient.y === 1).length,
});

/**
 * Applies the rules of `cohort` one after the other; `flow` counts who is left after each, from "labelled" to
 * "cohort", and `problems` names everybody who was left out with the rule that did it.
 */
export function include(
  candidates: readonly Candidate[],
  config: Config['cohort'],
): { kept: readonly Patient[]; flow: readonly FlowStep[]; problems: readonly Problem[] } {
  let kept = candidates;
  const flow = [count('labelled', kept)];
  const problems: Problem[] = [];
  for (const { step, key, reason, keeps } of inclusionRules(config)) {
    for (const candidate of kept)
      if (!keeps(candidate))
        problems.push({
          severity: 'info',
          stage: 'cohort',
          patient: candidate.patient.id,
          file: null,
          place: key,
          reason,
          fix: `Change ${key} to keep the patient.`,
        });
    kept = kept.filter(keeps);
    flow.push(count(step, kept));
  }
  flow.push(count('cohort', kept));
  return { kept: kept.map(({ patient }) => patient), flow, problems };
}
