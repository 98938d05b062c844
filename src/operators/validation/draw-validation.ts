import type { Figure } from '../report/figure.js';
import { horizonCalibrationFigure } from '../report/horizon-calibration-figure.js';
import { kaplanMeierFigure } from '../report/kaplan-meier-figure.js';
import { interval, threeDigits } from '../report/number-text.js';
import { followUpOfPatients } from '../survival/follow-up.js';
import type { RiskGroups } from '../survival/risk-groups.js';
import { horizonCalibrations } from './time-metrics.js';
import type { ValidatedPatient } from './validated-patients.js';
import type { Validation } from './validation-data.js';
import { calibrationFigure, decisionFigure, validationRocFigure } from './validation-figures.js';

/** The charts of a validation. Charts that are undefined for these patients are left out. */
export async function drawValidation(
  validation: Validation,
  patients: readonly ValidatedPatient[],
  risk: RiskGroups | null,
): Promise<readonly Figure[]> {
  const { outcome, metrics, calibration, decision } = validation;
  const [first] = metrics;
  const value = `AUC ${threeDigits(first?.external ?? null)}${first?.low == null || first.high === null ? '' : ` ${interval([first.low, first.high])}`}`;
  const inTime = outcome.kind === 'timeToEvent';
  const event = outcome.positive;
  const figures = [
    ...(inTime
      ? [await calibrationInTime(patients, outcome)]
      : [
          await calibrationFigure(calibration, event),
          await validationRocFigure(
            patients.map(({ y }) => y),
            patients.map(({ risk: chance }) => chance),
            value,
          ),
        ]),
    await decisionFigure(
      decision,
      inTime ? `${event} by ${outcome.horizons.at(-1) ?? '-'} years` : `probability of ${event}`,
    ),
    risk === null
      ? null
      : await kaplanMeierFigure({
          ...{ name: 'risk', title: 'Risk groups, cut at the median prediction', event },
          ...{ groups: risk.groups, times: risk.times, logRank: risk.logRank, stratified: false },
        }),
  ];
  return figures.filter((figure) => figure !== null);
}

const calibrationInTime = (
  patients: readonly ValidatedPatient[],
  { horizons, positive }: Validation['outcome'],
): Promise<Figure | null> =>
  horizonCalibrationFigure(
    'external',
    'Calibration',
    positive,
    horizonCalibrations(
      followUpOfPatients(patients.flatMap(({ followUp }) => followUp ?? [])),
      patients.map(({ chances }) => chances),
      horizons,
    ),
  );
