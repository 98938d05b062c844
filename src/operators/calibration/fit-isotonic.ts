import type { Label } from '../stats/labels.js';
import type { CalibrationMap } from './calibration-data.js';

/** Adjacent logits that share one probability. */
interface Block {
  first: number;
  last: number;
  positives: number;
  patients: number;
}

/**
 * Isotonic regression by PAV (pool adjacent violators): the non-decreasing step function with the least squared error. Patients with
 * equal logits are pooled first. The knots are the ends of each block; `calibrated` interpolates between blocks.
 * Probabilities are limited to [1/(2n), 1 - 1/(2n)] for n patients, so that none is 0 or 1.
 *
 * @param labels at least one patient
 */
export function fitIsotonic(
  labels: readonly Label[],
  logits: readonly number[],
): Extract<CalibrationMap, { kind: 'isotonic' }> {
  const order = logits.map((_, i) => i).sort((a, b) => (logits[a] as number) - (logits[b] as number));
  const blocks: Block[] = [];
  for (const at of order) {
    const logit = logits[at] as number;
    blocks.push({ first: logit, last: logit, positives: labels[at] as number, patients: 1 });
    for (;;) {
      const [before, last] = [blocks.at(-2), blocks.at(-1)];
      if (before === undefined || last === undefined) break;
      // Counts are integers, so the cross-multiplied fractions are compared exactly.
      const falls = before.positives * last.patients > last.positives * before.patients;
      if (before.last !== last.first && !falls) break;
      blocks.splice(-2, 2, {
        first: before.first,
        last: last.last,
        positives: before.positives + last.positives,
        patients: before.patients + last.patients,
      });
    }
  }
  const half = 0.5 / labels.length;
  const knots = blocks.flatMap(({ first, last, positives, patients }) => {
    const p = Math.min(1 - half, Math.max(half, positives / patients));
    return first === last ? [{ logit: first, p }] : [first, last].map((logit) => ({ logit, p }));
  });
  return { kind: 'isotonic', knots };
}
