import { binaryCriterion, logitOf } from '../../src/operators/criteria/binary.js';
import type { JudgedCohort } from '../../src/operators/criteria/criterion.js';
import type { OutputLayer } from '../../src/operators/tensor/parameters.js';

/** A cohort with a binary outcome, from the labels of its patients. */
export const judged = (labels: readonly (0 | 1)[]): JudgedCohort => ({
  criterion: binaryCriterion,
  targets: labels,
});

/** The output layer of a network for a binary outcome. */
export const outputs = (logits: 1 | 2): OutputLayer => ({ outputs: logits, startBiases: null });

/** The logit of each row of outputs. */
export const logitsOf = (rows: readonly (readonly number[])[]): readonly number[] => rows.map(logitOf);
