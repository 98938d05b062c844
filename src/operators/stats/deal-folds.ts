import type { Rng } from '../../pipeline/core/rng.js';

/**
 * Assigns each patient to an inner fold. Patients with the event and those without are dealt separately, so both are spread evenly.
 *
 * @param event 1 for each patient with the event, 0 for each patient without it
 */
export function dealFolds(event: ArrayLike<number>, folds: number, random: Rng): Int32Array {
  const dealt = new Int32Array(event.length);
  const patients = Array.from(event, (_, i) => i);
  [1, 0]
    .flatMap((status) => random.shuffle(patients.filter((i) => event[i] === status)))
    .forEach((i, turn) => (dealt[i] = turn % folds));
  return dealt;
}
