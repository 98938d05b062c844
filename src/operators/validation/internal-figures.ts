import { z } from 'zod';
import { summaryRowSchema } from '../evaluation/summary-data.js';
import type { Bundle } from '../bundle/bundle-data.js';

/** The values of each measure in the bundle, from the test patients of the training: means over the folds. */
export interface Internal {
  /** @param id of a metric, for example `auc` or `brier_2y` */
  readonly of: (id: string) => number | null;
}

// Only the measures that a validation compares are read from the bundle, because another version may have written other
// measures.
const rowSchema = z.object(
  summaryRowSchema.pick({
    auc: true,
    brier: true,
    ece: true,
    accuracy: true,
    balancedAccuracy: true,
    sensitivity: true,
    specificity: true,
    calibrated: true,
    survival: true,
  }).shape,
);

/**
 * Reads the measures on the training's test patients from a bundle. If the predictions are calibrated, accuracy, Brier
 * score and calibration error are those after calibration. The AUC is always that before calibration.
 */
export function internalFigures({ results, worth }: Pick<Bundle, 'results' | 'worth'>): Internal {
  const found = new Map<string, number | null>();
  const full = worth.subsets.at(-1)?.mean ?? null;
  found.set(worth.metric === 'auc' ? 'auc_all_modalities' : 'c_all_modalities', full);
  const parsed = rowSchema.safeParse(results);
  if (parsed.success) {
    const { calibrated, survival, auc, ...row } = parsed.data;
    const own = calibrated ?? row;
    found.set('auc', auc.mean);
    found.set('brier', own.brier.mean);
    found.set('ece', own.ece.mean);
    for (const [id, at] of [
      ['at_half', own],
      ['at_threshold', calibrated?.atThreshold],
    ] as const) {
      if (at === undefined) continue;
      found.set(`accuracy_${id}`, at.accuracy.mean);
      found.set(`sensitivity_${id}`, at.sensitivity.mean);
      found.set(`specificity_${id}`, at.specificity.mean);
      found.set(`balanced_accuracy_${id}`, at.balancedAccuracy.mean);
    }
    if (survival !== undefined) {
      found.set('c', survival.c.mean);
      found.set('uno_c', survival.unoC.mean);
      for (const { years, mean } of survival.auc) found.set(`auc_${years}y`, mean);
      for (const { years, mean } of survival.brier) found.set(`brier_${years}y`, mean);
    }
  }
  return { of: (id) => found.get(id) ?? null };
}
