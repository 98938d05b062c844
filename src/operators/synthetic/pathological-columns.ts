import { coded, measured, type SyntheticColumn } from './column.js';

type Codes = Parameters<typeof coded>[1];

/** A 0/1 column. `ones` is the fraction of ones. */
const binary = (name: string, ones: number, common: Parameters<typeof coded>[2] = {}): SyntheticColumn =>
  coded(name, [[0, 1 - ones] as const, [1, ones] as const], common);

/** Codes 0, 1, 2, ... with their weights, in this order. */
const ordered = (...weights: readonly number[]): Codes =>
  weights.map((weight, code) => [code, weight] as const);

/** Columns of `pathological.csv` (method.md 2.2). Codes and ranges are those of HANCOCK, with similar frequencies. */
export const pathologicalColumns: readonly SyntheticColumn[] = [
  binary('perinodal_invasion', 0.5, { load: 0.4, missing: 0.48 }),
  binary('lymphovascular_invasion_L', 0.19, { load: 0.5 }),
  binary('vascular_invasion_V', 0.07, { load: 0.3 }),
  binary('perineural_invasion_Pn', 0.18, { load: 0.5 }),
  binary('carcinoma_in_situ', 0.33),
  coded('primary_tumor_site', ordered(0.01, 0.12, 0.27, 0.17, 0.43)),
  coded('grading', ordered(0.02, 0.31, 0.48, 0.19)),
  coded(
    'hpv_association_p16',
    [
      [2, 0.19],
      [1, 0.56],
      [0, 0.25],
    ],
    { load: 0.5 },
  ),
  coded('resection_status', ordered(0.89, 0.07, 0.01, 0.03), { load: 0.3 }),
  coded('resection_status_carcinoma_in_situ', ordered(0.62, 0.36, 0.02)),
  coded('histologic_type', ordered(0.005, 0.005, 0.01, 0.21, 0.58, 0.14, 0.01, 0.01, 0.03)),
  measured(
    'number_of_positive_lymph_nodes',
    { median: 1.1, spread: 1.1, range: [0, 52], decimals: 0, skewed: true },
    { load: 0.6, missing: 0.2 },
  ),
  measured(
    'infiltration_depth_in_mm',
    { median: 7, spread: 0.75, range: [0, 53], decimals: 1, skewed: true },
    { load: 0.55, missing: 0.18 },
  ),
  coded('pT_stage', ordered(0.002, 0.005, 0.31, 0.04, 0.006, 0.35, 0.17, 0.11, 0.007), { load: 0.7 }),
  coded('pN_stage', ordered(0.2, 0.26, 0.15, 0.002, 0.05, 0.04, 0.16, 0.07, 0.03, 0.04), { load: 0.7 }),
];
