import type { Label } from './labels.js';
import { proportion } from './proportion.js';
import { mean } from './spread.js';

/** Patients with similar probabilities, and their outcomes. */
export interface CalibrationGroup {
  readonly patients: number;
  readonly positive: number;
  /** Mean predicted probability. */
  readonly predicted: number;
  /** Fraction of positive patients, with Wilson's 95 % interval. */
  readonly observed: number;
  readonly ci95: readonly [number, number];
}

/**
 * Divides patients by their probability into groups of about equal size. Equal probabilities stay in one group, so there may be fewer
 * groups.
 */
export function calibrationGroups(
  labels: readonly Label[],
  probabilities: readonly number[],
  groups = 10,
): readonly CalibrationGroup[] {
  const order = probabilities.map((p, i) => ({ p, y: labels[i] as Label })).sort((a, b) => a.p - b.p);
  const found: CalibrationGroup[] = [];
  let from = 0;
  for (let g = 1; g <= groups; g++) {
    let to = Math.max(from, Math.round((g * order.length) / groups));
    while (to > 0 && to < order.length && order[to - 1]?.p === order[to]?.p) to++;
    const members = order.slice(from, to);
    from = to;
    if (members.length === 0) continue;
    const positive = members.filter(({ y }) => y === 1).length;
    const { ci95 } = proportion(positive, members.length, '');
    found.push({
      patients: members.length,
      positive,
      predicted: mean(members.map(({ p }) => p)),
      observed: positive / members.length,
      ci95: ci95 as readonly [number, number],
    });
  }
  return found;
}
