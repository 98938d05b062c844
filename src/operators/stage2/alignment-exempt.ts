import { vectorExempt, type Evidence } from '../embeddings/vector-exempt.js';
import type { ParameterLayout } from '../tensor/parameters.js';
import type { Drawn } from '../tensor/untrained.js';
import type { AlignmentObjective } from './alignment-objective.js';

/**
 * Names of the parameter arrays of an alignment that an epoch could not train: arrays whose modality is absent or has
 * only vectors of zeros (`vectorExempt`); phi of a modality whose vectors get no gradient from the objective in any
 * group of patients; and the objective's own parameters if no modality gets a gradient.
 *
 * @param attached whether the head passes a gradient to phi
 */
export function alignmentExempt(
  layout: ParameterLayout,
  objective: AlignmentObjective,
  evidence: readonly Evidence[],
  drawn: Drawn,
  attached: boolean,
): ReadonlySet<string> {
  const masks = drawn.map((group) =>
    Uint8Array.from(
      [...new Set(group)].flatMap((patient) => evidence.map(({ has }) => (has(patient) ? 1 : 0))),
    ),
  );
  const reached = evidence.map((_, m) => masks.some((mask) => objective.reaches(mask, evidence.length, m)));
  const exempt = new Set(vectorExempt(layout, evidence, drawn));
  for (const { name, modality: own } of layout.entries) {
    const m = evidence.findIndex(({ modality }) => modality === own);
    if (m < 0 ? !reached.includes(true) : !attached && !reached[m]) exempt.add(name);
  }
  return exempt;
}
