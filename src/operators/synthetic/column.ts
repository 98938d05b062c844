import cdf from '@stdlib/stats-base-dists-normal-cdf';
import type { Rng } from '../../pipeline/core/rng.js';

/** One invented column of a clinical table. */
export interface SyntheticColumn {
  readonly name: string;
  /** Correlation with what the modality of the table shows of the patient's risk (`viewsOf`). 0 is pure noise. */
  readonly load: number;
  /** Fraction of empty cells. */
  readonly missing: number;
  /** The cell, a number or a word, for a standard normal value. A larger value gives a larger number, or a word later in the list. */
  readonly cellOf: (normal: number) => number | string;
}

type Common = Partial<Pick<SyntheticColumn, 'load' | 'missing'>>;

/**
 * A measured value, from a standard normal value `t`: `median + spread * t`, or `median * exp(spread * t)` if skewed.
 * It is clipped to its range.
 */
export function measured(
  name: string,
  shape: {
    readonly median: number;
    readonly spread: number;
    readonly range: readonly [number, number];
    readonly decimals: number;
    readonly skewed?: boolean;
  },
  { load = 0, missing = 0 }: Common = {},
): SyntheticColumn {
  const { median, spread, range, decimals, skewed } = shape;
  const cellOf = (normal: number): number => {
    const value = skewed ? median * Math.exp(spread * normal) : median + spread * normal;
    return Number(Math.min(range[1], Math.max(range[0], value)).toFixed(decimals));
  };
  return { name, load, missing, cellOf };
}

/** A code or a word: `[code, weight]` pairs ordered by rising risk. Weights need not add up to 1. */
export function coded(
  name: string,
  codes: readonly (readonly [code: number | string, weight: number])[],
  { load = 0, missing = 0 }: Common = {},
): SyntheticColumn {
  const total = codes.reduce((sum, [, weight]) => sum + weight, 0);
  const cellOf = (normal: number): number | string => {
    let left = cdf(normal, 0, 1) * total;
    for (const [code, weight] of codes) {
      left -= weight;
      if (left < 0) return code;
    }
    return codes.at(-1)?.[0] ?? 0;
  };
  return { name, load, missing, cellOf };
}

/**
 * The cell of one patient. null is a missing cell. `view` is what the table's modality shows of the patient's risk
 * (`viewsOf`).
 */
export function drawCell(
  { load, missing, cellOf }: SyntheticColumn,
  view: number,
  random: Rng,
): number | string | null {
  // Both random numbers are drawn for every cell, so that changing the fraction of missing cells does not change other values.
  const noise = random.normal();
  const absent = random.uniform() < missing;
  return absent ? null : cellOf(load * view + Math.sqrt(1 - load * load) * noise);
}
