import { coded, measured, type SyntheticColumn } from './column.js';

/** Columns of `clinical.csv` (method.md 2.2). Codes and ranges are those of HANCOCK, with similar frequencies. */
export const clinicalColumns: readonly SyntheticColumn[] = [
  coded('sex', [
    [1, 0.2],
    [0, 0.8],
  ]),
  coded(
    'primarily_metastasis',
    [
      [0, 0.93],
      [1, 0.07],
    ],
    { load: 0.5, missing: 0.03 },
  ),
  coded(
    'smoking_status',
    [
      [1, 0.28],
      [0, 0.24],
      [3, 0.02],
      [2, 0.46],
    ],
    { load: 0.5 },
  ),
  measured(
    'age_at_initial_diagnosis',
    { median: 61, spread: 10, range: [22, 92], decimals: 0 },
    { load: 0.65 },
  ),
];
