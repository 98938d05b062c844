import type { Criterion, JudgedCohort, Target } from '../criteria/criterion.js';
import type { ModalityInput } from '../embeddings/modality-inputs.js';
import { evidenceOf, vectorExempt } from '../embeddings/vector-exempt.js';
import type { ParameterLayout } from '../tensor/parameters.js';
import type { Trainable, TrainingStep, ValidationScores } from '../tensor/train-loop.js';
import type { Drawn } from '../tensor/untrained.js';
import type { Head, HeadGroup } from './head.js';
import type { Outputs } from './outputs.js';

/** Lets the training loop train a head over frozen embeddings. */
export class HeadTraining implements Trainable {
  readonly layout: ParameterLayout;

  /**
   * @param inputs vectors of all patients
   * @param judged targets of all patients
   * @param validation patients with at least one input of the head
   */
  constructor(
    private readonly head: Head,
    readonly parameters: Float32Array,
    private readonly inputs: readonly ModalityInput[],
    private readonly judged: JudgedCohort,
    private readonly validation: readonly number[],
  ) {
    this.layout = head.layout;
  }

  async step(patients: readonly number[]): Promise<TrainingStep> {
    return this.head.step(this.parameters, this.groupOf(patients), false);
  }

  validate(): Promise<ValidationScores> {
    return validateHead(this.head, this.parameters, this.groupOf(this.validation), this.judged.criterion);
  }

  exempt(drawn: Drawn): ReadonlySet<string> {
    const exempt = vectorExempt(this.layout, this.inputs.map(evidenceOf), drawn);
    if (this.judged.criterion.perPatient) return exempt;
    // A loss over risk sets compares patients, so it stays the same if a constant is added to all outputs. The bias of
    // a single output then has no gradient, so it is exempt from the check for untrained arrays.
    const shifts = this.layout.entries.filter(({ name, size }) => name.endsWith('.bias') && size === 1);
    return new Set([...exempt, ...shifts.map(({ name }) => name)]);
  }

  /** Outputs of patients in evaluation mode, with all modalities that they have. */
  outputs(patients: readonly number[]): Promise<Outputs> {
    return this.head.outputs(this.parameters, { inputs: this.inputs, patients });
  }

  private groupOf(patients: readonly number[]): HeadGroup {
    const { inputs, judged } = this;
    return { inputs, patients, targets: patients.map((patient) => judged.targets[patient] as Target) };
  }
}

/** Mean of `l+`, the loss without random drop (method.md 7), and how well the outputs rank the patients. */
export async function validateHead(
  head: Head,
  parameters: Float32Array,
  { inputs, patients, targets }: HeadGroup,
  criterion: Criterion,
): Promise<ValidationScores> {
  if (patients.length === 0) return { loss: null, discrimination: null };
  return validationOf(await head.outputs(parameters, { inputs, patients }), targets, criterion);
}

/** Mean loss of outputs, and how well they rank the patients. */
export function validationOf(
  rows: Outputs,
  targets: readonly Target[],
  criterion: Criterion,
): ValidationScores {
  const loss = criterion.judge(rows, targets).reduce((sum, one) => sum + one.loss, 0) / rows.length;
  const scores = rows.map((row) => criterion.scoreOf(row));
  // If no patient has the event, a loss over risk sets is undefined (NaN). It is then reported as null.
  const known = criterion.perPatient || !Number.isNaN(loss);
  return { loss: known ? loss : null, discrimination: criterion.discrimination(targets, scores) };
}
