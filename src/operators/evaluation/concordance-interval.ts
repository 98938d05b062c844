import type { Rng } from '../../pipeline/core/rng.js';
import { followUpOfPatients } from '../survival/follow-up.js';
import { comparePairedConcordance } from '../survival/paired-concordance.js';
import type { TestedPatient } from '../survival/risk-groups.js';
import type { PooledAuc } from './spread-data.js';

/**
 * Harrell's C within folds with a 95 % percentile interval of the bootstrap of patients (method.md 11.5). The bootstrap
 * computes differences of two C. So the risks are compared with a constant risk. The C of a constant risk is 0.5, so C
 * is the difference plus 0.5.
 */
export function concordanceWithInterval(
  patients: readonly TestedPatient[],
  resamples: number,
  rng: Rng,
): PooledAuc {
  const numbers = new Map([...new Set(patients.map(({ patient }) => patient))].map((id, i) => [id, i]));
  const { difference, ci95 } = comparePairedConcordance(
    {
      followUp: followUpOfPatients(patients),
      first: patients.map(({ risk }) => risk),
      second: patients.map(() => 0),
      fold: patients.map(({ fold }) => fold),
      patient: patients.map(({ patient }) => numbers.get(patient) as number),
    },
    resamples,
    rng,
  );
  return {
    value: difference.value === null ? null : 0.5 + difference.value,
    ci95: ci95 === null ? null : [0.5 + ci95[0], 0.5 + ci95[1]],
    ...(difference.reason === null ? {} : { reason: difference.reason }),
  };
}
