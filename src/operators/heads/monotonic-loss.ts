import type { Criterion, Judged, Target } from '../criteria/criterion.js';
import type { Outputs } from './outputs.js';

export interface MonotonicOptions {
  readonly lambdaMoFe: number;
  /**
   * Whether the hinge `max(l+ - l-, 0)` treats the reduced loss `l-` as a constant, so that no gradient flows from the
   * hinge into `l-`.
   */
  readonly mofeStopGradReduced: boolean;
}

/** The hinge settings of a method. Methods without random drop have no hinge and do not read its settings. */
export const monotonicOf = (fusion: MonotonicOptions, randomDrop: boolean): MonotonicOptions =>
  randomDrop
    ? { lambdaMoFe: fusion.lambdaMoFe, mofeStopGradReduced: fusion.mofeStopGradReduced }
    : { lambdaMoFe: 0, mofeStopGradReduced: false };

/** The terms of the monotonic fusion loss (method.md 6.3), as means over the B patients of a step. */
export interface MonotonicTerms {
  /** `l+ + l- + lambda * mofe`, where `mofe` is the hinge `max(l+ - l-, 0)`. */
  readonly total: number;
  readonly full: number;
  readonly reduced: number;
  readonly mofe: number;
  /** Derivative of `total` with respect to each patient's l+ and l-. */
  readonly dFull: readonly number[];
  readonly dReduced: readonly number[];
}

/**
 * Monotonic fusion loss (method.md 6.3): `mean(l+) + mean(l-) + lambda * mean(max(l+ - l-, 0))`. The hinge is active if
 * a patient is classified worse with all modalities than with some of them dropped.
 *
 * @param full l+ of each patient
 * @param reduced l- of each patient; null if no modality could be dropped: `l-` and the hinge of this patient then
 * count as zero
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

/** The loss terms of a step of the fusion network, and the derivatives of their total with respect to the outputs. */
export interface FusionLoss {
  readonly terms: MonotonicTerms;
  /** Derivative with respect to the outputs of the full pass, one row per patient. */
  readonly dFull: Outputs;
  readonly dReduced: Outputs;
}

/**
 * The monotonic loss on the outputs of each patient and pass (method.md 6.1, 6.3). `criterion` gives the losses `l+`
 * and `l-`. The hinge compares `l+` and `l-` of one patient. The Cox loss has no value for a single patient, because it
 * compares the patients at risk. So the Cox loss is used without the hinge.
 *
 * @param reduced outputs of the reduced pass; null for a patient without a reduced pass
 */
export function fusionLoss(
  full: Outputs,
  reduced: readonly (readonly number[] | null)[],
  targets: readonly Target[],
  criterion: Criterion,
  options: MonotonicOptions,
): FusionLoss {
  const losses = criterion.judge(full, targets);
  const there = reduced.flatMap((row, i) => (row === null ? [] : [i]));
  const judged = criterion.judge(
    there.map((i) => reduced[i] as readonly number[]),
    there.map((i) => targets[i] as Target),
  );
  const others = new Map(there.map((i, at) => [i, judged[at] as Judged]));
  const terms = monotonicTerms(
    losses.map(({ loss }) => loss),
    reduced.map((_, i) => others.get(i)?.loss ?? null),
    criterion.perPatient ? options : { ...options, lambdaMoFe: 0 },
  );
  const scaled = (one: Judged | undefined, factor: number, row: readonly number[]): readonly number[] =>
    one === undefined ? row.map(() => 0) : one.gradient.map((d) => d * factor);
  return {
    terms,
    dFull: full.map((row, i) => scaled(losses[i], terms.dFull[i] as number, row)),
    dReduced: full.map((row, i) => scaled(others.get(i), terms.dReduced[i] as number, row)),
  };
}
