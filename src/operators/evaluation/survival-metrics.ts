import { daysPer } from '../../pipeline/config/data-schema.js';
import type { Config } from '../../pipeline/config/schema.js';
import type { SurvivalPrediction, SurvivalPredictions } from '../survival/survival-prediction-data.js';
import { foldScores, type HorizonScores } from '../survival/fold-scores.js';
import { followUpOfPatients } from '../survival/follow-up.js';
import type { Measure } from '../survival/measure.js';
import { survivalOf } from '../survival/survival-model.js';
import type { SurvivalMetrics } from './survival-metric-data.js';

/**
 * Metrics of some patients of a fold (method.md 11.5). The censoring weights come from the fold's training patients.
 *
 * @param predictions of the fold, including training patients
 */
export function survivalMetricsOf(
  { model, patients: all }: SurvivalPredictions,
  patients: readonly SurvivalPrediction[],
  { horizons: years, tau }: Pick<Config['survival'], 'horizons' | 'tau'>,
): SurvivalMetrics {
  const scores = foldScores(
    {
      training: followUpOfPatients(all.filter(({ split }) => split === 'train')),
      test: followUpOfPatients(patients),
      risks: patients.map(({ risk }) => risk),
      curve: (i, days) => survivalOf(model, patients[i]?.outputs ?? [], days),
    },
    tau * daysPer.years,
    years.map((year) => year * daysPer.years),
  );
  const reasons: string[] = [];
  const told = (name: string, { value, reason }: Measure): number | null => {
    if (value === null) reasons.push(`${name}: ${reason}`);
    return value;
  };
  const atEach = (name: string, of: (scores: HorizonScores) => Measure): SurvivalMetrics['auc'] =>
    scores.horizons.map((one, i) => ({
      years: years[i] as number,
      value: told(`${name} at ${years[i]} years`, of(one)),
    }));
  return {
    patients: scores.patients,
    events: scores.events,
    c: told('C', scores.harrell),
    pairs: { ...scores.pairs },
    unoC: told("Uno's C", scores.uno),
    unoAt: atEach("Uno's C", ({ uno }) => uno),
    auc: atEach('AUC', ({ auc }) => auc),
    brier: atEach('Brier score', ({ brier }) => brier),
    ibs: told('Integrated Brier score', scores.integratedBrier),
    ibsKaplanMeier: scores.integratedBrierReference.value,
    dCalibration: scores.dCalibration?.p ?? null,
    reasons,
  };
}
