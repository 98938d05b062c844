import { daysPer } from '../../pipeline/config/data-schema.js';
import type { Rng } from '../../pipeline/core/rng.js';
import type { Estimate } from '../stats/estimate.js';
import { harrellInterval } from '../survival/concordance-interval.js';
import { followUpOfPatients } from '../survival/follow-up.js';
import { horizonCalibration } from '../survival/horizon-calibration.js';
import { aucEstimate, observedToExpected } from './binary-metrics.js';
import { observedToExpectedBy, resamples } from './time-metrics.js';
import type { ValidatedPatient } from './validated-patients.js';
import type { ValidatedSubgroup, Validation } from './validation-data.js';

/** Patients with one value of a column, or with the same modalities. */
export interface PatientGroup {
  readonly by: string;
  readonly group: string;
  readonly patients: readonly ValidatedPatient[];
  /** The AUC or Harrell's C that the bundle states for patients with these modalities. Null for groups of a column. */
  readonly internal: number | null;
}

/** Minimum size of a group whose results are shown. */
export const leastPatients = 10;

/**
 * Discrimination and calibration of groups of patients. The results of a small group, or of a group with a single
 * outcome, are hidden, because they would say little and could reveal the outcome of a patient.
 */
export const validatedSubgroups = (
  groups: readonly PatientGroup[],
  outcome: Validation['outcome'],
  random: (purpose: string) => Rng,
): readonly ValidatedSubgroup[] =>
  groups.map(({ by, group, patients, internal }, at) => {
    const positive = patients.filter(({ y }) => y === 1).length;
    const hidden = { by, group, internal, positive: null, external: null, low: null, high: null };
    if (patients.length < leastPatients)
      return {
        ...{ ...hidden, patients: null, observedToExpected: null },
        reason: `suppressed: fewer than ${leastPatients} patients`,
      };
    if (positive === 0 || positive === patients.length)
      return {
        ...{ ...hidden, patients: patients.length, observedToExpected: null },
        reason: 'suppressed: all patients have the same outcome',
      };
    const { discrimination, ratio } =
      outcome.kind === 'binary'
        ? ofClasses(patients, outcome)
        : ofTimes(patients, outcome, random(`subgroup-${at}`));
    return {
      ...{ by, group, internal, positive, patients: patients.length },
      external: discrimination.value,
      low: discrimination.ci95?.[0] ?? null,
      high: discrimination.ci95?.[1] ?? null,
      observedToExpected: ratio.value,
      reason: discrimination.reason,
    };
  });

interface Found {
  readonly discrimination: Estimate;
  readonly ratio: Estimate;
}

function ofClasses(patients: readonly ValidatedPatient[], outcome: Validation['outcome']): Found {
  const labels = patients.map(({ y }) => y);
  const chances = patients.map(({ risk }) => risk);
  return {
    discrimination: aucEstimate(labels, chances, outcome),
    ratio: observedToExpected(labels, chances),
  };
}

function ofTimes(
  patients: readonly ValidatedPatient[],
  { horizons }: Validation['outcome'],
  random: Rng,
): Found {
  const followUp = followUpOfPatients(patients.flatMap(({ followUp: own }) => own ?? []));
  const risks = patients.map(({ risk }) => risk);
  return {
    discrimination: harrellInterval(followUp, risks, resamples, random),
    ratio: observedToExpectedBy(
      horizonCalibration(followUp, risks, (horizons.at(-1) ?? 0) * daysPer.years, 1),
    ),
  };
}
