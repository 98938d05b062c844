import type { HazardTarget } from '../survival/discrete-hazards.js';
import type { SurvivalModel } from '../survival/survival-model.js';
import type { History, Ranking } from '../tensor/history-data.js';

/** What a loss of time-to-event knows of a patient in one fold. */
export interface SurvivalTarget extends HazardTarget {
  /** Days to the event or to the last contact, above 0. */
  readonly time: number;
  /** Status at the median event time, the class of the instance loss; null when it is unknown. */
  readonly status: 0 | 1 | null;
}

/** What the outputs of a network are compared with: the class of a patient, or the time of follow-up. */
export type Target = 0 | 1 | SurvivalTarget;

/** Loss of a patient and its derivatives with respect to the outputs of the network. */
export interface Judged {
  readonly loss: number;
  readonly gradient: readonly number[];
}

/** How the outputs of the networks of one fold are judged: the loss of training, and what validation watches. */
export interface Criterion {
  /** Outputs per patient of a network that would have one or two logits for a binary outcome. */
  outputsOf(logits: 1 | 2): number;
  /**
   * Losses of patients; training lowers their mean.
   *
   * @param rows outputs of each patient
   * @param targets of the same patients
   */
  judge(rows: readonly (readonly number[])[], targets: readonly Target[]): readonly Judged[];
  /** Whether the loss of a patient depends on the outputs of that patient alone. The monotonic hinge (eq. 10) needs that. */
  readonly perPatient: boolean;
  /** One number that ranks patients: the higher, the likelier or the earlier the event. */
  scoreOf(row: readonly number[]): number;
  /** How well scores rank patients: AUC or Harrell's C; null where it is undefined or a score is not finite. */
  discrimination(targets: readonly Target[], scores: readonly number[]): number | null;
  /** Name of the discrimination of validation patients in a history. */
  readonly ranking: Ranking;
  /** What early stopping watches. */
  readonly monitor: History['monitor'];
  /** Class of a patient, for the instance loss and class-balanced draws; null when it is unknown. */
  classOf(target: Target): 0 | 1 | null;
  /** Whether an epoch draws both classes equally often; otherwise it takes every training patient once. */
  readonly balanced: boolean;
  /** Biases of an output layer at the start; null draws them like other biases. */
  readonly startBiases: readonly number[] | null;
  /** What turns outputs into survival curves, given the outputs of the training patients; null for a binary outcome. */
  readonly modelOf:
    ((training: readonly (readonly number[])[], targets: readonly Target[]) => FittedSurvival) | null;
}

/** A survival model, and the outputs that stand for a patient of whom the network saw nothing: those of all training patients together. */
export interface FittedSurvival {
  readonly model: SurvivalModel;
  readonly unseen: readonly number[];
}

/** A criterion and the targets of all patients of a cohort, by position. */
export interface JudgedCohort {
  readonly criterion: Criterion;
  readonly targets: readonly Target[];
}
