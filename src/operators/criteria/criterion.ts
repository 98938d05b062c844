import type { HazardTarget } from '../survival/discrete-hazards.js';
import type { SurvivalModel } from '../survival/survival-model.js';
import type { History, Ranking } from '../tensor/history-data.js';

/** The target of a time-to-event loss for one patient in one fold. */
export interface SurvivalTarget extends HazardTarget {
  /** Days to the event or to the last contact. Above 0. */
  readonly time: number;
  /** Class for the instance loss: 1 if the event happened by the median event time, else 0. Null if unknown. */
  readonly status: 0 | 1 | null;
}

/** The target of the outputs of a network: the class of a patient, or the time of follow-up. */
export type Target = 0 | 1 | SurvivalTarget;

/** Loss of a patient and its derivatives with respect to the outputs of the network. */
export interface Judged {
  readonly loss: number;
  readonly gradient: readonly number[];
}

/**
 * How the outputs of the networks of one fold are judged: the loss of training, and the quantity that early stopping
 * monitors.
 */
export interface Criterion {
  /** Number of outputs per patient of a network. `logits` is its number of outputs for a binary outcome. */
  outputsOf(logits: 1 | 2): number;
  /**
   * Losses of patients. Training minimises their mean.
   *
   * @param rows outputs of each patient
   * @param targets of the same patients
   */
  judge(rows: readonly (readonly number[])[], targets: readonly Target[]): readonly Judged[];
  /**
   * Whether the loss of a patient depends only on the outputs of that patient. The monotonic hinge (method.md 6.3)
   * requires it.
   */
  readonly perPatient: boolean;
  /** One number that ranks patients: the higher it is, the likelier or the earlier is the event. */
  scoreOf(row: readonly number[]): number;
  /** How well scores rank patients: AUC or Harrell's C. Null if it is undefined or a score is not finite. */
  discrimination(targets: readonly Target[], scores: readonly number[]): number | null;
  /** Name of the `discrimination` of validation patients in the training history. */
  readonly ranking: Ranking;
  /** The quantity that early stopping monitors. */
  readonly monitor: History['monitor'];
  /** Class of a patient, for the instance loss and class-balanced draws. Null if unknown. */
  classOf(target: Target): 0 | 1 | null;
  /** Whether an epoch draws both classes equally often. Otherwise it uses every training patient once. */
  readonly balanced: boolean;
  /** Initial biases of an output layer. If null, they are drawn at random like other biases. */
  readonly startBiases: readonly number[] | null;
  /** Fits a model that converts outputs to survival curves, given the outputs of the training patients. Null for a binary outcome. */
  readonly modelOf:
    ((training: readonly (readonly number[])[], targets: readonly Target[]) => FittedSurvival) | null;
}

/**
 * A survival model, and the outputs for a patient without any input. These outputs are fitted to all training patients
 * as one group.
 */
export interface FittedSurvival {
  readonly model: SurvivalModel;
  readonly unseen: readonly number[];
}

/** A criterion, and the targets of all patients of a cohort in the order of the cohort. */
export interface JudgedCohort {
  readonly criterion: Criterion;
  readonly targets: readonly Target[];
}
