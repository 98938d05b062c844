import type { Config } from '../../pipeline/config/schema.js';
import type { SurvivalPredictions } from '../survival/survival-prediction-data.js';
import type { SurvivalEvaluation, SurvivalMetrics } from './survival-metric-data.js';
import { survivalMetricsOf } from './survival-metrics.js';

/** Metrics of the validation and test patients of one fold and method with a time-to-event outcome (method.md 11.5). */
export function survivalEvaluationOf(
  fold: number,
  method: string,
  predictions: SurvivalPredictions,
  survival: Pick<Config['survival'], 'horizons' | 'tau'>,
): SurvivalEvaluation {
  const of = (keeps: (one: SurvivalPredictions['patients'][number]) => boolean): SurvivalMetrics =>
    survivalMetricsOf(predictions, predictions.patients.filter(keeps), survival);
  const test = of(({ split }) => split === 'test');
  const val = of(({ split }) => split === 'val');
  const testObserved = of(({ split, observed }) => split === 'test' && observed);
  const unseen = test.patients - testObserved.patients;
  return {
    ...{ fold, method, test, val, testObserved },
    notes: [
      ...predictions.notes,
      ...test.reasons.map((reason) => `Test patients, ${reason}`),
      ...(val.c === null ? val.reasons.slice(0, 1).map((reason) => `Validation patients, ${reason}`) : []),
      ...(unseen === 0
        ? []
        : [`${unseen} of ${test.patients} test patients have the curve of all training patients`]),
    ],
  };
}
