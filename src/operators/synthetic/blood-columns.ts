import { measured, type SyntheticColumn } from './column.js';

const skewed = (median: number, spread: number, low: number, high: number, decimals = 2) =>
  ({ median, spread, range: [low, high], decimals, skewed: true }) as const;
const even = (median: number, spread: number, low: number, high: number, decimals = 1) =>
  ({ median, spread, range: [low, high], decimals }) as const;

/**
 * `blood.csv` (method.md 2.2): 16 laboratory values with LOINC-style names. Their brackets, blanks and slashes also
 * occur in the real file, so a reader must handle them. As in HANCOCK, whole rows are missing, but no single cells.
 */
export const bloodColumns: readonly SyntheticColumn[] = [
  measured('Leukocytes [#/volume] in Blood', skewed(7.8, 0.3, 2.2, 24), { load: 0.55 }),
  measured('Hemoglobin [Mass/volume] in Blood', even(14.4, 1.6, 8, 18.5), { load: -0.65 }),
  measured('Platelets [#/volume] in Blood', skewed(254, 0.33, 60, 1100, 0), { load: 0.5 }),
  measured('Erythrocytes [#/volume] in Blood', even(4.6, 0.5, 2.9, 5.9, 2), { load: -0.4 }),
  measured('Hematocrit [Volume Fraction] of Blood', even(42, 4.2, 24, 53), { load: -0.5 }),
  measured('Erythrocyte mean corpuscular hemoglobin [Entitic mass] in Blood', even(31, 2, 21, 40)),
  measured('Erythrocyte mean corpuscular volume [Entitic volume] in Blood', even(90.6, 5.1, 70, 116)),
  measured(
    'Erythrocyte mean corpuscular hemoglobin concentration [Mass/volume] in Blood',
    even(34.3, 1, 30, 38.5),
  ),
  measured('Erythrocyte distribution width [Ratio] in Blood', skewed(13.4, 0.08, 11.5, 21, 1), {
    load: 0.55,
  }),
  measured('Platelet mean volume [Entitic volume] in Blood', even(10.5, 0.9, 8, 15)),
  measured('Granulocytes [#/volume] in Blood', skewed(5.2, 0.38, 0.9, 17), { load: 0.45 }),
  measured('Eosinophils [#/volume] in Blood', skewed(0.11, 0.8, 0, 1.3)),
  measured('Basophils [#/volume] in Blood', skewed(0.03, 0.6, 0, 0.25)),
  measured('Lymphocytes [#/volume] in Blood', skewed(1.7, 0.38, 0.2, 7), { load: -0.5 }),
  measured('Monocytes [#/volume] in Blood', skewed(0.63, 0.38, 0.05, 3.5)),
  measured('Platelet distribution width [Entitic volume] in Blood', even(11.9, 2, 7.5, 23)),
];
