import { auc } from '../stats/auc.js';

/** AUC of validation scores; null for one class only, and for scores that are not finite (a diverging model). */
export const validationAuc = (labels: readonly (0 | 1)[], scores: readonly number[]): number | null =>
  scores.every(Number.isFinite) ? auc(labels, scores) : null;
