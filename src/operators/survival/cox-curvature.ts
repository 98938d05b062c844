import type { CoxOrder, CoxTies } from './cox.js';

/** Second derivatives of the negative log partial likelihood, as products with a vector. */
export interface CoxCurvature {
  /** The product H v, one value per patient. H are the second derivatives with respect to the linear predictors. */
  times(v: Float64Array): Float64Array;
}

/**
 * Curvature of `coxLoss` at given linear predictors, in about n operations per product for n patients (method.md
 * 11.3). Linear predictors must not differ by more than about 700, because `exp` then gives 0. Penalised fits stay
 * below this difference.
 *
 * @param eta linear predictor of each patient
 */
export function coxCurvature(order: CoxOrder, eta: Float64Array, ties: CoxTies): CoxCurvature {
  const { patients, groups, followUp } = order;
  const top = eta.reduce((most, own) => Math.max(most, own), -Infinity);
  const hazard = eta.map((own) => Math.exp(own - top));
  // For each time with m events: sums of 1/D, share/D, 1/D^2, share/D^2 and share^2/D^2 over its events r = 0, ..., m -
  // 1. D is the denominator of event r in the likelihood. The share is r/m, or 0 for Breslow.
  const sums = groups.map(() => ({ one: 0, tied: 0, square: 0, tiedSquare: 0, tiedTwice: 0 }));
  let atRisk = 0;
  for (const [g, { from, to, deaths }] of groups.entries()) {
    let dying = 0;
    for (let at = from; at < to; at++) {
      const i = patients[at] as number;
      atRisk += hazard[i] as number;
      if (followUp.event[i] === 1) dying += hazard[i] as number;
    }
    const sum = sums[g] as (typeof sums)[number];
    for (let r = 0; r < deaths; r++) {
      const share = ties === 'efron' ? r / deaths : 0;
      const inverse = 1 / (atRisk - share * dying);
      sum.one += inverse;
      sum.tied += share * inverse;
      sum.square += inverse ** 2;
      sum.tiedSquare += share * inverse ** 2;
      sum.tiedTwice += (share * inverse) ** 2;
    }
  }
  return {
    times: (v) => {
      const ofTime = new Float64Array(groups.length);
      const ofDying = new Float64Array(groups.length);
      let weighted = 0;
      for (const [g, { from, to }] of groups.entries()) {
        let dying = 0;
        for (let at = from; at < to; at++) {
          const i = patients[at] as number;
          const own = (hazard[i] as number) * (v[i] as number);
          weighted += own;
          if (followUp.event[i] === 1) dying += own;
        }
        const sum = sums[g] as (typeof sums)[number];
        ofTime[g] = weighted * sum.square - dying * sum.tiedSquare;
        ofDying[g] = weighted * sum.tiedSquare - dying * sum.tiedTwice;
      }
      const product = new Float64Array(v.length);
      let [ones, means] = [0, 0];
      for (let g = groups.length - 1; g >= 0; g--) {
        const { from, to } = groups[g] as (typeof groups)[number];
        const sum = sums[g] as (typeof sums)[number];
        ones += sum.one;
        means += ofTime[g] as number;
        for (let at = from; at < to; at++) {
          const i = patients[at] as number;
          const died = followUp.event[i] === 1;
          product[i] =
            (hazard[i] as number) *
            ((v[i] as number) * (ones - (died ? sum.tied : 0)) -
              (means - (died ? (ofDying[g] as number) : 0)));
        }
      }
      return product;
    },
  };
}
