import { z } from 'zod';
import type { Config } from '../../pipeline/config/schema.js';
import type { TrainingSnapshot } from '../../pipeline/stage.js';
import { Adam } from './adam.js';
import { BestWeights } from './best-weights.js';
import { EarlyStopping, earlyStoppingStateSchema } from './early-stopping.js';
import { historySchema, type History } from './history-data.js';
import { Plateau, plateauStateSchema } from './plateau.js';
import { SkippedSteps, skippedStepsStateSchema } from './skipped-steps.js';

/** The part of a snapshot that is not an array. A metric that is not finite is null in it, as in history.json. */
const savedSchema = z.strictObject({
  /** Name of the tensor backend. Another backend computes different numbers. */
  backend: z.string(),
  epochs: historySchema.shape.epochs,
  steps: z.number().int(),
  plateau: plateauStateSchema,
  stopping: earlyStoppingStateSchema,
  kept: z.strictObject({ epoch: z.number().int(), standInLoss: z.number().nullable() }).nullable(),
  skipped: skippedStepsStateSchema,
});
type Saved = z.infer<typeof savedSchema>;

/**
 * Everything in a training job that changes from epoch to epoch, except its random streams. A new field must be added to `snapshot`
 * and to `take`: a resumed job must give the same bits as one that was never interrupted.
 */
export class TrainingState {
  readonly optimizer: Adam;
  readonly plateau: Plateau;
  readonly stopping: EarlyStopping;
  readonly best: BestWeights;
  readonly skipped = new SkippedSteps();
  /** The history of the epochs so far. */
  epochs: History['epochs'] = [];

  /** @param parameters the parameters of the model; `take` changes them in place */
  constructor(
    private readonly parameters: Float32Array,
    private readonly backend: string,
    options: Config['train'],
    monitor: History['monitor'],
  ) {
    this.optimizer = new Adam(parameters, { weightDecay: options.weightDecay });
    this.plateau = new Plateau({
      lr: options.lr,
      factor: options.plateauFactor,
      patience: options.plateauPatience,
    });
    this.stopping = new EarlyStopping(monitor === 'valLoss' ? 'min' : 'max', options.patience);
    this.best = new BestWeights(parameters);
  }

  /**
   * The state at the end of an epoch. Its arrays are not copied, so the caller must write them before the next step.
   */
  snapshot(): TrainingSnapshot {
    const { backend, epochs, optimizer, plateau, stopping, skipped, parameters } = this;
    const { m, v, steps } = optimizer;
    const { kept } = this.best;
    const saved: Saved = {
      backend,
      epochs,
      steps,
      plateau: plateau.state,
      stopping: stopping.state,
      kept: kept && { epoch: kept.epoch, standInLoss: kept.standInLoss },
      skipped: skipped.state,
    };
    const arrays = { parameters, m, v, ...(kept && { kept: kept.values }) };
    return { state: saved, arrays };
  }

  /** Restores a snapshot. If it belongs to another backend or model, returns false and changes nothing. */
  take({ state, arrays }: TrainingSnapshot): boolean {
    const saved = savedSchema.safeParse(state).data;
    const { parameters, m, v, kept } = arrays;
    const fits = (array: Float32Array | undefined): array is Float32Array =>
      array?.length === this.parameters.length;
    if (saved?.backend !== this.backend || !fits(parameters) || !fits(m) || !fits(v)) return false;
    if (saved.kept !== null && !fits(kept)) return false;
    this.parameters.set(parameters);
    this.optimizer.restore(m, v, saved.steps);
    this.plateau.state = saved.plateau;
    this.stopping.state = saved.stopping;
    this.best.kept = saved.kept && kept ? { ...saved.kept, values: kept } : null;
    this.skipped.state = saved.skipped;
    this.epochs = saved.epochs;
    return true;
  }
}
