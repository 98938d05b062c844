import { csvText } from '../../../pipeline/core/csv.js';
import { rng, type Rng } from '../../../pipeline/core/rng.js';
import { coded, drawCell, measured, type SyntheticColumn } from '../column.js';
import { viewsOf, type Persona } from '../latent.js';

const noise = 0.9;

interface WordedColumn {
  readonly column: SyntheticColumn;
  /** The text for a missing cell. */
  readonly missing: string;
}

/**
 * Columns as researchers without a common format might write them: words for categories, several spellings of
 * "missing", and one scale (ECOG) of whole numbers.
 */
const columns: readonly WordedColumn[] = [
  {
    column: measured('AGE', { median: 63, spread: 11, range: [24, 92], decimals: 0 }, { load: 0.5 }),
    missing: '',
  },
  {
    column: coded('SEX', [
      ['female', 0.45],
      ['male', 0.55],
    ]),
    missing: '',
  },
  {
    column: coded(
      'GRADE',
      [
        ['well differentiated', 0.25],
        ['moderately differentiated', 0.45],
        ['poorly differentiated', 0.3],
      ],
      { load: 0.6, missing: 0.06 },
    ),
    missing: 'unknown',
  },
  {
    column: coded(
      'PT',
      [
        ['pT1', 0.2],
        ['pT2', 0.35],
        ['pT3', 0.25],
        ['pT4a', 0.2],
      ],
      { load: 0.7, missing: 0.03 },
    ),
    missing: 'NA',
  },
  {
    column: coded(
      'PN',
      [
        ['pN0', 0.5],
        ['pN1', 0.2],
        ['pN2b', 0.2],
        ['pN3', 0.1],
      ],
      { load: 0.65, missing: 0.05 },
    ),
    missing: 'NA',
  },
  {
    column: coded(
      'P16',
      [
        ['Positive', 0.35],
        ['Negative', 0.65],
      ],
      { load: 0.5, missing: 0.15 },
    ),
    missing: 'unknown',
  },
  {
    column: coded(
      'ECOG',
      [
        [0, 0.5],
        [1, 0.35],
        [2, 0.15],
      ],
      { load: 0.5, missing: 0.08 },
    ),
    missing: '',
  },
];

/** Months from diagnosis to death or to the last visit, and the status in the words of cBioPortal. */
function drawOutcome({ risk, deceased }: Persona, random: Rng): readonly [status: string, months: string] {
  const months = deceased
    ? 25 * Math.exp(0.7 * random.normal() - 0.2 * risk)
    : 46 * Math.exp(0.5 * random.normal());
  const kept = Math.min(170, Math.max(deceased ? 1 : 6, months));
  return [deceased ? '1:DECEASED' : '0:LIVING', kept.toFixed(1)];
}

/** `clini.csv`: what is known at diagnosis, and the outcome in its last two columns. Every patient has a row. */
export function drawClinicalTable(people: readonly Persona[], seed: number): string {
  const random = rng(seed, 'synthetic/own/Clin');
  const views = viewsOf(people, 'own/Clin', seed, noise);
  const rows = people.map((persona) => [
    persona.id,
    ...columns.map(({ column, missing }) => drawCell(column, views.get(persona.id) ?? 0, random) ?? missing),
    ...drawOutcome(persona, random),
  ]);
  const names = columns.map(({ column }) => column.name);
  return csvText(['PATIENT', ...names, 'OS_STATUS', 'OS_MONTHS'], rows);
}
