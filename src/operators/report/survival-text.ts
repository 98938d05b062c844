import type { Config } from '../../pipeline/config/schema.js';
import { counted, listed } from '../../pipeline/core/wording.js';

/**
 * Whether the outcome is time-to-event. This file has the sentences of the methods section about such an outcome
 * (method.md 11).
 */
export const inTime = ({ data }: Pick<Config, 'data'>): boolean => data.outcome.kind === 'timeToEvent';

/** The name of the quantity that early stopping monitors. */
export const monitorName = ({ data, survival }: Pick<Config, 'data' | 'survival'>): string =>
  inTime({ data }) ? (survival.monitor === 'valC' ? 'validation C' : 'validation loss') : 'validation AUC';

/** Describes the outputs of the fusion network and their loss. */
export function lossInTime({ survival }: Pick<Config, 'survival'>): string {
  if (survival.loss === 'cox')
    return `one linear predictor with Cox's partial likelihood (ties after ${survival.ties === 'efron' ? 'Efron' : 'Breslow'}) over all training patients at once; no monotonic hinge`;
  const bins =
    survival.edges === null
      ? `${counted(survival.bins, 'time bin')} between quantiles of the training patients' event times`
      : `time bins with inner edges at ${listed(survival.edges.map(String))} years`;
  return `one logit for the hazard of each of ${bins}, negative log likelihood of discrete-time hazards, output biases started at the hazards of the training patients`;
}

export const evaluationInTime = ({ survival: { horizons, tau } }: Pick<Config, 'survival'>): string =>
  `The kept weights are evaluated once on the test patients: Harrell's C (ties one half), Uno's C up to ${tau} years, cumulative/dynamic AUC and Brier score at ${listed(horizons.map(String))} years, ` +
  `integrated Brier score on a grid of a quarter of a year from half a year to ${tau} years, D-calibration; weights for censoring from the training patients of the fold. Mean and population standard deviation over folds.`;
