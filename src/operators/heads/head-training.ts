import type { ModalityInput } from '../embeddings/modality-inputs.js';
import { logisticLoss } from '../tensor/cross-entropy.js';
import type { ParameterLayout } from '../tensor/parameters.js';
import { evidenceOf, vectorExempt } from '../embeddings/vector-exempt.js';
import type { Trainable, TrainingStep, Validation } from '../tensor/train-loop.js';
import type { Drawn } from '../tensor/untrained.js';
import { validationAuc } from '../tensor/validation-auc.js';
import type { Head } from './head.js';

/** A head over frozen embeddings as a model of the training loop. */
export class HeadTraining implements Trainable {
  readonly layout: ParameterLayout;

  /**
   * @param inputs vectors of all patients
   * @param labels of all patients
   * @param validation patients the head sees something of
   */
  constructor(
    private readonly head: Head,
    readonly parameters: Float32Array,
    private readonly inputs: readonly ModalityInput[],
    private readonly labels: readonly (0 | 1)[],
    private readonly validation: readonly number[],
  ) {
    this.layout = head.layout;
  }

  async step(patients: readonly number[]): Promise<TrainingStep> {
    const { inputs } = this;
    return this.head.step(this.parameters, { inputs, patients, labels: this.labelsOf(patients) }, false);
  }

  validate(): Promise<Validation> {
    return validateHead(
      this.head,
      this.parameters,
      this.inputs,
      this.validation,
      this.labelsOf(this.validation),
    );
  }

  exempt(drawn: Drawn): ReadonlySet<string> {
    return vectorExempt(this.layout, this.inputs.map(evidenceOf), drawn);
  }

  /** Evaluation-mode logits of patients, with everything they have. */
  logits(patients: readonly number[]): Promise<readonly number[]> {
    return this.head.logits(this.parameters, { inputs: this.inputs, patients });
  }

  private labelsOf(patients: readonly number[]): readonly (0 | 1)[] {
    return patients.map((patient) => this.labels[patient] as 0 | 1);
  }
}

/** Mean of `l+`, without the reduced pass (method.md 7), and the AUC of the logits. */
export async function validateHead(
  head: Head,
  parameters: Float32Array,
  inputs: readonly ModalityInput[],
  patients: readonly number[],
  labels: readonly (0 | 1)[],
): Promise<Validation> {
  if (patients.length === 0) return { loss: null, auc: null };
  const logits = await head.logits(parameters, { inputs, patients });
  const losses = logits.map((logit, i) => logisticLoss(logit, labels[i] as 0 | 1).loss);
  const loss = losses.reduce((sum, value) => sum + value, 0) / patients.length;
  return { loss, auc: validationAuc(labels, logits) };
}
