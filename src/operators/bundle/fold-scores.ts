import { daysPer } from '../../pipeline/config/data-schema.js';
import { calibrated } from '../calibration/calibrated.js';
import { logitOf } from '../criteria/binary.js';
import { survivalOf } from '../survival/survival-model.js';
import { probability } from '../tensor/cross-entropy.js';
import type { BundleFold } from './bundle-data.js';
import type { ScoringModel } from './scoring-model.js';

/** The prediction of one fold's model for a patient. */
export interface FoldPrediction {
  readonly outputs: readonly number[];
  /** Calibrated probability of the positive outcome. Null for time-to-event. */
  readonly probability: number | null;
  /** Predicted probability of survival to each horizon. Empty for a binary outcome. */
  readonly survival: readonly number[];
  /** Binary outcome: `probability`. Time-to-event: the predicted probability of the event by the last horizon. */
  readonly chance: number;
  /**
   * For each modality of the model: `chance` if this modality is hidden. Null if the patient lacks this modality, has
   * only this modality, or if no modality can be hidden from the model.
   */
  readonly without: readonly (number | null)[];
}

/** Converts the outputs of one fold's model to predictions. */
export class FoldPredictor {
  /** @param horizons in years */
  constructor(
    private readonly model: ScoringModel,
    private readonly record: BundleFold,
    private readonly horizons: readonly number[],
  ) {}

  /**
   * Predictions of patients. A patient without any modality of the model gets the base rate, or the survival curve of
   * all training patients.
   */
  async of(patients: readonly number[]): Promise<FoldPrediction[]> {
    const { model, record } = this;
    const seen = patients.filter((patient) => model.sees(patient));
    const rows = seen.length === 0 ? [] : await model.outputs(seen);
    const outputsOf = new Map(seen.map((patient, i) => [patient, rows[i] as readonly number[]]));
    const without = await this.withoutEach(seen);
    return patients.map((patient) => {
      const own = outputsOf.get(patient);
      const outputs = own ?? record.unseen;
      const chance = this.chanceOf(outputs, own !== undefined);
      return {
        ...{ outputs, chance },
        probability: record.survival === null ? chance : null,
        survival: this.survivalAt(outputs),
        without: without.map((of) => of.get(patient) ?? null),
      };
    });
  }

  /**
   * For each modality: `chance` if this modality is hidden, for the patients that have it and at least one other
   * modality.
   */
  private async withoutEach(seen: readonly number[]): Promise<ReadonlyMap<number, number>[]> {
    const { model } = this;
    const count = model.modalities.length;
    const others = (patient: number, m: number): boolean =>
      model.modalities.some((_, other) => other !== m && model.has(patient, other));
    const found: Map<number, number>[] = [];
    for (let m = 0; m < count; m++) {
      const having = model.hides ? seen.filter((patient) => model.has(patient, m) && others(patient, m)) : [];
      const open = Uint8Array.from({ length: having.length * count }, (_, at) => (at % count === m ? 0 : 1));
      const rows = having.length === 0 ? [] : await model.outputs(having, open);
      found.push(
        new Map(having.map((patient, i) => [patient, this.chanceOf(rows[i] as readonly number[], true)])),
      );
    }
    return found;
  }

  /**
   * @param observed false for a patient without any modality of the model. The outputs are then the base rate, which is
   * not calibrated
   */
  private chanceOf(outputs: readonly number[], observed: boolean): number {
    const { survival, calibration } = this.record;
    if (survival === null) {
      const logit = logitOf(outputs);
      return observed && calibration !== null ? calibrated(calibration.map, logit) : probability(logit);
    }
    return 1 - (this.survivalAt(outputs).at(-1) ?? 1);
  }

  private survivalAt(outputs: readonly number[]): readonly number[] {
    const { survival } = this.record;
    const days = this.horizons.map((years) => years * daysPer.years);
    return survival === null ? [] : [...survivalOf(survival, outputs, days)];
  }
}
