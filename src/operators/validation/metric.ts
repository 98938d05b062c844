import type { Estimate } from '../stats/estimate.js';
import type { Metric } from './validation-data.js';

export type { Metric };

/** A measure of performance: its estimate on the new cohort, and its value on the test patients of the training. */
export const metricOf = (
  id: string,
  title: string,
  internal: number | null,
  { value, ci95, reason }: Estimate,
): Metric => ({
  ...{ id, title, internal, external: value },
  ...{ low: ci95?.[0] ?? null, high: ci95?.[1] ?? null, reason },
});
