import { z } from 'zod';
import { coxBaseline, coxSurvivalAt } from './cox-baseline.js';
import type { FollowUp } from './follow-up.js';
import { hazardRisk, survivalAt } from './hazard-curve.js';
import { stepsUpTo } from './step-function.js';

/**
 * The data that convert the outputs of one fold's model to survival curves, in the form in which files store them.
 * Times are in days.
 */
export const survivalModelSchema = z.discriminatedUnion('kind', [
  /** One logit per time bin (method.md 11.2). */
  z.strictObject({
    kind: z.literal('hazards'),
    innerEdges: z.array(z.number()),
    lastEdge: z.number(),
  }),
  /** One linear predictor eta: S(t|x) = exp(-H0(t) e^eta) (method.md 11.3). `logHazard` is log H0 from each time on. */
  z.strictObject({
    kind: z.literal('proportional'),
    times: z.array(z.number()),
    logHazard: z.array(z.number()),
  }),
]);
export type SurvivalModel = z.infer<typeof survivalModelSchema>;
export type ProportionalModel = Extract<SurvivalModel, { kind: 'proportional' }>;

/**
 * Risk of a patient with these outputs: the higher, the earlier is the event. Risks of different models must not be
 * compared.
 */
export const riskOf = ({ kind }: SurvivalModel, outputs: readonly number[]): number =>
  kind === 'hazards' ? hazardRisk(outputs) : (outputs[0] as number);

/**
 * Survival S(t) of a patient with these outputs.
 *
 * @param days at least 0
 */
export function survivalOf(
  model: SurvivalModel,
  outputs: readonly number[],
  days: ArrayLike<number>,
): Float64Array {
  if (model.kind === 'proportional') {
    const baseline = {
      times: Float64Array.from(model.times),
      logHazard: Float64Array.from(model.logHazard),
    };
    return coxSurvivalAt(baseline, outputs[0] as number, days);
  }
  const bins = { innerEdges: Float64Array.from(model.innerEdges), lastEdge: model.lastEdge, notes: [] };
  return survivalAt(outputs, bins, days);
}

/** A proportional-hazards model with Breslow's baseline, from the linear predictors of the training patients. */
export function proportionalModel(training: FollowUp, eta: ArrayLike<number>): ProportionalModel {
  const { times, logHazard } = coxBaseline(training, eta);
  return { kind: 'proportional', times: [...times], logHazard: [...logHazard] };
}

/**
 * The linear predictor for a patient without any input. If all training patients had it, the model would expect exactly
 * the observed number of events.
 */
export function averagePredictor({ times, logHazard }: ProportionalModel, { time, event }: FollowUp): number {
  const steps = Float64Array.from(times);
  const expected = time.reduce((sum, days) => {
    const known = stepsUpTo(steps, days);
    return sum + (known === 0 ? 0 : Math.exp(logHazard[known - 1] as number));
  }, 0);
  const events = event.reduce((sum, happened) => sum + happened, 0);
  return expected > 0 && events > 0 ? Math.log(events / expected) : 0;
}
