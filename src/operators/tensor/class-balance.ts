import type { Rng } from '../../pipeline/core/rng.js';

/**
 * Draws patients with replacement so that classes are balanced in expectation (method.md 7). The weight `n / count(class)` gives
 * every class the same total weight. So a draw first selects a class, and then one of its patients.
 *
 * @param patients positions to draw from, `labels[i]` the class of `patients[i]`
 * @returns as many positions as there are patients
 */
export function classBalancedDraws(
  patients: readonly number[],
  labels: readonly (0 | 1)[],
  rng: Rng,
): readonly number[] {
  const classes = [0, 1]
    .map((label) => patients.filter((_, i) => labels[i] === label))
    .filter((members) => members.length > 0);
  return patients.map(() => {
    const members = classes[rng.int(classes.length)] as readonly number[];
    return members[rng.int(members.length)] as number;
  });
}

/** Divides a list into consecutive groups of `size` items. The last group may be smaller. */
export const inGroups = (items: readonly number[], size: number): readonly (readonly number[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
