import { logisticLoss } from '../tensor/cross-entropy.js';

export interface MonotonicOptions {
  readonly lambdaMoFe: number;
  /** Treat the reduced loss as a constant inside the hinge. */
  readonly mofeStopGradReduced: boolean;
}

/** The terms of eq. 10-11 as means over the B patients of a step. */
export interface MonotonicTerms {
  /** l+ + l- + lambda * mofe */
  readonly total: number;
  readonly full: number;
  readonly reduced: number;
  readonly mofe: number;
  /** Derivative of `total` with respect to each patient's l+ and l-. */
  readonly dFull: readonly number[];
  readonly dReduced: readonly number[];
}

/**
 * Monotonic fusion loss (eq. 10-11): `mean(l+) + mean(l-) + lambda * mean(max(l+ - l-, 0))`. The hinge is active where a
 * patient is classified worse with all modalities than with some of them dropped.
 *
 * @param full l+ of each patient
 * @param reduced l- of each patient; null where nothing could be dropped, which takes part with zero
 */
export function monotonicTerms(
  full: readonly number[],
  reduced: readonly (number | null)[],
  { lambdaMoFe, mofeStopGradReduced }: MonotonicOptions,
): MonotonicTerms {
  const count = full.length;
  const sums = { full: 0, reduced: 0, mofe: 0 };
  const dFull: number[] = [];
  const dReduced: number[] = [];
  full.forEach((lossFull, i) => {
    const lossReduced = reduced[i] ?? null;
    sums.full += lossFull;
    const hinge = lossReduced === null ? 0 : Math.max(lossFull - lossReduced, 0);
    const slope = hinge > 0 ? lambdaMoFe : 0;
    sums.reduced += lossReduced ?? 0;
    sums.mofe += hinge;
    dFull.push((1 + slope) / count);
    dReduced.push(lossReduced === null ? 0 : (1 - (mofeStopGradReduced ? 0 : slope)) / count);
  });
  const [meanFull, meanReduced, mofe] = [sums.full / count, sums.reduced / count, sums.mofe / count];
  return {
    total: meanFull + meanReduced + lambdaMoFe * mofe,
    full: meanFull,
    reduced: meanReduced,
    mofe,
    dFull,
    dReduced,
  };
}

/** Terms of a step of the fusion network, and the derivatives of their total with respect to the logits. */
export interface FusionLoss {
  readonly terms: MonotonicTerms;
  readonly dLogitsFull: readonly number[];
  readonly dLogitsReduced: readonly number[];
}

/**
 * The monotonic loss on one logit per patient and pass, with binary cross-entropy (method.md 6.1, 6.3).
 *
 * @param reduced logits of the reduced pass; null for a patient without one
 */
export function fusionLoss(
  full: readonly number[],
  reduced: readonly (number | null)[],
  labels: readonly (0 | 1)[],
  options: MonotonicOptions,
): FusionLoss {
  const losses = full.map((logit, i) => logisticLoss(logit, labels[i] as 0 | 1));
  const others = reduced.map((logit, i) => (logit === null ? null : logisticLoss(logit, labels[i] as 0 | 1)));
  const terms = monotonicTerms(
    losses.map(({ loss }) => loss),
    others.map((other) => other?.loss ?? null),
    options,
  );
  return {
    terms,
    dLogitsFull: losses.map(({ gradient }, i) => gradient * (terms.dFull[i] as number)),
    dLogitsReduced: others.map((other, i) => (other?.gradient ?? 0) * (terms.dReduced[i] as number)),
  };
}
