import { csvText } from '../../pipeline/core/csv.js';
import type { ValidatedPatient } from './validated-patients.js';
import type { Validation } from './validation-data.js';

/** The tables of a validation, by file name. */
export function validationTables(
  { metrics, calibration, decision, shift, subgroups, outcome, riskGroups }: Validation,
  patients: readonly ValidatedPatient[],
): Readonly<Record<string, string>> {
  const chances = outcome.kind === 'binary' ? ['p'] : outcome.horizons.map((years) => `event_by_${years}y`);
  return {
    'validation.csv': csvText(
      ['metric', 'internal', 'external', 'low', 'high', 'undefined_because'],
      metrics.map(({ id, internal, external, low, high, reason }) => [
        id,
        internal,
        external,
        low,
        high,
        reason,
      ]),
    ),
    'calibration.csv': csvText(
      ['horizon_years', 'patients', 'predicted', 'observed', 'low', 'high'],
      calibration.map(({ horizon, patients: count, predicted, observed, low, high }) => [
        horizon,
        count,
        predicted,
        observed,
        low,
        high,
      ]),
    ),
    'decision-curve.csv': csvText(
      ['threshold', 'model', 'treat_all', 'treat_none'],
      decision.map(({ threshold, model, treatAll, treatNone }) => [threshold, model, treatAll, treatNone]),
    ),
    'subgroups.csv': csvText(
      [
        'by',
        'group',
        'patients',
        'positive',
        'internal',
        'external',
        'low',
        'high',
        'observed_to_expected',
        'note',
      ],
      subgroups.map((one) => [
        one.by,
        one.group,
        one.patients,
        one.positive,
        one.internal,
        one.external,
        one.low,
        one.high,
        one.observedToExpected,
        one.reason,
      ]),
    ),
    'shift.csv': csvText(
      [
        ...['modality', 'input', 'kind', 'smd', 'flagged', 'training_mean', 'training_sd'],
        ...['external_mean', 'external_sd', 'training_known', 'external_known', 'note'],
      ],
      shift.map((one) => [
        one.modality,
        one.input,
        one.kind,
        one.smd,
        one.flagged,
        one.trainingMean,
        one.trainingSd,
        one.externalMean,
        one.externalSd,
        one.trainingKnown,
        one.externalKnown,
        one.note,
      ]),
    ),
    'predictions.csv': csvText(
      ['patient', 'y', 'follow_up_days', ...chances, 'risk_group', 'modalities'],
      patients.map(({ id, y, followUp, chances: own, risk, modalities }) => [
        id,
        y,
        followUp?.time ?? null,
        ...own,
        riskGroups === null ? null : risk > riskGroups.cut ? 'high risk' : 'low risk',
        modalities.join(' '),
      ]),
    ),
  };
}
