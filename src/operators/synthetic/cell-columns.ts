import { measured, type SyntheticColumn } from './column.js';

const density = (name: string, median: number, load: number, missing: number): SyntheticColumn =>
  measured(name, { median, spread: 1, range: [1, 6100], decimals: 2, skewed: true }, { load, missing });

/** `tma_cell_density.csv` (method.md 2.2), positive cells per mm^2. Higher densities go with a lower risk. */
export const cellColumns: readonly SyntheticColumn[] = [
  density('cd3_z', 550, -0.65, 0.065),
  density('cd3_inv', 480, -0.55, 0.06),
  density('cd8_z', 390, -0.65, 0.03),
  density('cd8_inv', 340, -0.55, 0.02),
];
