import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';

/** Warns of data of patients whose outcome is unknown. The usual cause: two files write the ids differently. */
export function withoutOutcome(
  modality: ModalityId,
  ids: readonly string[],
  labelled: readonly { readonly id: string }[],
): readonly Problem[] {
  const known = new Set(labelled.map(({ id }) => id));
  return ids
    .filter((id) => !known.has(id))
    .toSorted()
    .map((patient) => ({
      severity: 'warning',
      stage: 'cohort',
      patient,
      file: null,
      place: modality,
      reason: `The patient has ${modality} but no known outcome, and is left out.`,
      fix: 'Add the outcome, or check how the id is written.',
    }));
}
