import { rng } from '../../../pipeline/core/rng.js';
import { drawCell, measured, type SyntheticColumn } from '../column.js';
import { drawShare, viewsOf, type Persona } from '../latent.js';

const noise = 0.6;
const absentShare = 0.12;

const columns: readonly SyntheticColumn[] = [
  measured(
    'Hemoglobin [g/dl]',
    { median: 13.9, spread: 1.6, range: [7.5, 18], decimals: 1 },
    { load: -0.65 },
  ),
  measured(
    'Leukocytes [10^9/l]',
    { median: 7.6, spread: 0.3, range: [2.1, 25], decimals: 2, skewed: true },
    { load: 0.5 },
  ),
  measured(
    'Platelets [10^9/l]',
    { median: 255, spread: 0.3, range: [60, 900], decimals: 0, skewed: true },
    { load: 0.4, missing: 0.02 },
  ),
  measured(
    'CRP [mg/l]',
    { median: 4.5, spread: 0.9, range: [0.1, 220], decimals: 1, skewed: true },
    { load: 0.7, missing: 0.1 },
  ),
  measured(
    'Albumin [g/l]',
    { median: 41, spread: 4, range: [22, 52], decimals: 1 },
    { load: -0.6, missing: 0.05 },
  ),
  measured(
    'LDH [U/l]',
    { median: 205, spread: 0.25, range: [90, 900], decimals: 0, skewed: true },
    { load: 0.45, missing: 0.05 },
  ),
  measured('Sodium [mmol/l]', { median: 140, spread: 2.6, range: [124, 152], decimals: 0 }),
  measured('Creatinine [mg/dl]', { median: 0.9, spread: 0.25, range: [0.4, 4], decimals: 2, skewed: true }),
];

/** A cell as a spreadsheet of continental Europe saves it: with a decimal comma. */
const cellText = (cell: number | string | null): string => String(cell ?? '').replace('.', ',');

/**
 * `lab.csv`: semicolons between the cells, decimal commas, and an id column with another name than in the other tables.
 * Some patients have no row; the rows are unordered.
 */
export function drawLabTable(people: readonly Persona[], seed: number): string {
  const random = rng(seed, 'synthetic/own/Lab');
  const views = viewsOf(people, 'own/Lab', seed, noise);
  const absent = drawShare(people, absentShare, random);
  const rows = people
    .filter(({ id }) => !absent.has(id))
    .map(({ id }) => [
      id,
      ...columns.map((column) => cellText(drawCell(column, views.get(id) ?? 0, random))),
    ]);
  const lines = [['Sample ID', ...columns.map(({ name }) => name)], ...random.shuffle(rows)];
  return lines.map((cells) => `${cells.join(';')}\r\n`).join('');
}
