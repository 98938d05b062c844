import { daysPer } from '../../pipeline/config/data-schema.js';
import { binOf, boundsOf } from '../survival/hazard-bins.js';
import { stepsUpTo } from '../survival/step-function.js';
import type { SurvivalModel } from '../survival/survival-model.js';
import type { Horizon } from './exported-model-data.js';

/** S(t) at some years as numbers of a formula (`survivalOf`; method.md 11.2, 11.3), so that no program needs bins or steps. */
export const horizonsOf = (model: SurvivalModel, years: readonly number[]): Horizon[] =>
  years.map((at) => ({ years: at, ...horizonAt(model, at * daysPer.years) }));

function horizonAt(model: SurvivalModel, days: number): { weights: number[] } | { logHazard: number | null } {
  if (model.kind === 'proportional') {
    const steps = stepsUpTo(Float64Array.from(model.times), days);
    return { logHazard: steps === 0 ? null : (model.logHazard[steps - 1] as number) };
  }
  const bins = { innerEdges: Float64Array.from(model.innerEdges), lastEdge: model.lastEdge, notes: [] };
  const bin = binOf(bins, days);
  const { from, to } = boundsOf(bins, bin);
  // A last bin without width has its whole hazard on one day.
  const share = to > from ? (days - from) / (to - from) : 1;
  return {
    weights: Array.from({ length: bins.innerEdges.length + 1 }, (_, k) =>
      k < bin ? 1 : k === bin ? share : 0,
    ),
  };
}
