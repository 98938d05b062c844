import { auc } from '../stats/auc.js';
import { crossEntropy, logisticLoss } from '../tensor/cross-entropy.js';
import type { Criterion, Judged, Target } from './criterion.js';

/** Cross-entropy: binary for a network with one logit, softmax for a network with two (method.md 4.2, 6.1). */
export const binaryCriterion: Criterion = {
  outputsOf: (logits) => logits,
  judge: (rows, targets) => rows.map((row, i) => judgeOne(row, labelOf(targets[i] as Target))),
  perPatient: true,
  scoreOf: (row) => logitOf(row),
  discrimination: (targets, scores) =>
    scores.every(Number.isFinite) ? auc(targets.map(labelOf), scores) : null,
  ranking: 'valAuc',
  monitor: 'valAuc',
  classOf: labelOf,
  balanced: true,
  startBiases: null,
  modelOf: null,
};

/**
 * The logit of the positive class: the only output, or the difference of two, because the softmax of two logits is the logistic
 * function of their difference.
 */
export const logitOf = ([first, second]: readonly number[]): number =>
  second === undefined ? (first as number) : second - (first as number);

function judgeOne([first, second]: readonly number[], y: 0 | 1): Judged {
  if (second !== undefined) return crossEntropy(first as number, second, y);
  const { loss, gradient } = logisticLoss(first as number, y);
  return { loss, gradient: [gradient] };
}

function labelOf(target: Target): 0 | 1 {
  if (target === 0 || target === 1) return target;
  throw new Error('The binary loss was given a target of time-to-event');
}
