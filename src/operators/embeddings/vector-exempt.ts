import type { ModalityId } from '../../pipeline/core/modality.js';
import type { ParameterLayout } from '../tensor/parameters.js';
import type { Drawn } from '../tensor/untrained.js';
import type { ModalityInput } from './modality-inputs.js';

/** A modality, and which patients have a vector of it from which a model can learn. */
export interface Evidence {
  readonly modality: ModalityId;
  readonly width: number;
  readonly has: (patient: number) => boolean;
  /** Whether a patient's vector has an element other than zero. */
  readonly says: (patient: number) => boolean;
}

export const evidenceOf = ({ modality, width, values, observed }: ModalityInput): Evidence => ({
  modality,
  width,
  has: (patient) => observed[patient] === 1,
  says: (patient) => values.subarray(patient * width, (patient + 1) * width).some((value) => value !== 0),
});

/**
 * Arrays of a network over modality vectors that an epoch could not train: arrays of a modality that no patient of the
 * epoch has, and weights that are multiplied with vectors of zeros only. `GradientWatch` does not report these arrays.
 */
export function vectorExempt(
  { entries }: ParameterLayout,
  evidence: readonly Evidence[],
  drawn: Drawn,
): ReadonlySet<string> {
  const patients = [...new Set(drawn.flat())];
  const exempt = evidence.flatMap(({ modality, width, has, says }) => {
    const own = entries.filter((entry) => entry.modality === modality);
    const having = patients.filter(has);
    if (having.length === 0) return own;
    if (having.some(says)) return [];
    return (evidence.length === 1 ? entries : own).filter(
      ({ shape }) => shape.length === 2 && shape[0] === width,
    );
  });
  return new Set(exempt.map(({ name }) => name));
}
