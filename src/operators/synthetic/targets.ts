import { rng, type Rng } from '../../pipeline/core/rng.js';
import { csvText, type CsvCell } from '../../pipeline/core/csv.js';
import type { Persona } from './latent.js';

const header = [
  'patient_id',
  'recurrence',
  'days_to_recurrence',
  'survival_status',
  'survival_status_with_cause',
  'days_to_last_information',
  'rfs_event',
  'days_to_rfs_event',
];

/** Causes of death in the proportions of HANCOCK: 115, 89 and 9 of 213. */
function drawCause(random: Rng): string {
  const chance = random.uniform();
  if (chance < 0.54) return 'deceased tumor specific';
  return chance < 0.96 ? 'deceased not tumor specific' : 'deceased';
}

/** Days from diagnosis to the last contact: to death, or to the last visit. */
function drawFollowUp({ risk, deceased }: Persona, random: Rng): number {
  const days = deceased
    ? 750 * Math.exp(0.7 * random.normal() - 0.2 * risk)
    : 1400 * Math.exp(0.5 * random.normal());
  return Math.round(Math.min(5200, Math.max(deceased ? 30 : 200, days)));
}

/** `targets.csv` (method.md 1.1): outcome and times of every patient, times in days. */
export function drawTargets(personas: readonly Persona[], seed: number): string {
  const random = rng(seed, 'synthetic/targets');
  const rows = personas.map((persona): readonly CsvCell[] => {
    const { id, risk, deceased } = persona;
    const lastDay = drawFollowUp(persona, random);
    const cause = drawCause(random);
    const recurs = random.normal() < 0.7 * risk - 0.6;
    const recurrenceDay = Math.max(20, Math.round(lastDay * (0.1 + 0.7 * random.uniform())));
    const status = deceased ? 'deceased' : 'living';
    return [
      id,
      recurs ? 'yes' : 'no',
      recurs ? recurrenceDay : null,
      status,
      deceased ? cause : status,
      lastDay,
      recurs || deceased ? 1 : 0,
      recurs ? recurrenceDay : lastDay,
    ];
  });
  return csvText(header, rows);
}
