import type { Config } from '../../pipeline/config/schema.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { Artifact, Inputs } from '../../pipeline/stage.js';
import { cohortFile, cohortSchema } from '../cohort/cohort-data.js';
import { methodOf } from '../methods/registry.js';
import { predictionsFile, predictionsSchema, type Prediction } from '../stage3/prediction-data.js';
import { stageOf } from '../stage-of.js';
import { evaluationSchema, metricsFile, type Evaluation, type Metrics } from './metric-data.js';
import { majorityShare } from './metrics.js';
import { pooledAucOf, poolTestScores, type PooledScores } from './pooled.js';
import { rowNotes } from './row-notes.js';
import { spreadOf } from './spread-of.js';
import { summaryFile, type Summary, type SummaryRow } from './summary-data.js';
import { csvTable, latexTable, markdownTable } from './summary-tables.js';

/**
 * Puts the folds of every method into one table row: mean and population standard deviation over folds, the pooled
 * AUC with its interval, and the paper's numbers beside them (method.md 9.1, 9.5).
 *
 * @throws HafError HAF_SPLIT_INVALID when patients are tested twice, or not the same ones by every method
 */
export const aggregate = stageOf(({ config, inputs }) => {
  const { patients } = inputs.one('cohort').json(cohortFile, cohortSchema);
  const deceased = patients.filter(({ y }) => y === 1).length;
  const methods = config.methods.map((method) => resultsOf(method, inputs, config.cv.mode));
  refuseUnequalTests(methods);
  // With a fixed test set the baseline is that of the patients tested, not of the cohort.
  const tested = methods[0]?.pooled.labels ?? patients.map(({ y }) => y);
  const summary: Summary = {
    cohort: {
      patients: patients.length,
      deceased,
      majority: majorityShare(tested.length, tested.filter((y) => y === 1).length) ?? 0,
    },
    rows: methods.map((results) => rowOf(results, patients.length, config.cv)),
    schedule: config.schedule,
    preset: config.preset,
    seed: config.seed,
  };
  return {
    type: 'output',
    files: {
      [summaryFile]: summary,
      'summary.csv': utf8(csvTable(summary)),
      'summary.md': utf8(markdownTable(summary)),
      'summary.tex': utf8(latexTable(summary)),
    },
    metrics: Object.fromEntries(summary.rows.map(({ method, auc }) => [`${method}Auc`, auc.mean])),
  };
});

/** Everything the folds of one method left behind. */
interface MethodResults {
  readonly method: string;
  /** Ascending by fold. */
  readonly evaluations: readonly Evaluation[];
  readonly pooled: PooledScores;
}

function resultsOf(method: string, inputs: Inputs, mode: Config['cv']['mode']): MethodResults {
  const ofMethod = (artifact: Artifact): boolean => artifact.unit.method === method;
  const predictions: (readonly Prediction[])[] = inputs
    .all('stage3')
    .filter(ofMethod)
    .map((artifact) => artifact.json(predictionsFile, predictionsSchema));
  return {
    method,
    evaluations: inputs
      .all('evaluate')
      .filter(ofMethod)
      .map((artifact) => artifact.json(metricsFile, evaluationSchema))
      .sort((a, b) => a.fold - b.fold),
    pooled: poolTestScores(method, predictions, mode),
  };
}

/** Rows are comparable only when every method was tested on the same patients. */
function refuseUnequalTests([first, ...others]: readonly MethodResults[]): void {
  if (first === undefined) return;
  const expected = new Set(first.pooled.patients);
  for (const { method, pooled } of others) {
    const actual = new Set(pooled.patients);
    const odd = [
      ...pooled.patients.filter((id) => !expected.has(id)),
      ...first.pooled.patients.filter((id) => !actual.has(id)),
    ];
    if (odd.length > 0)
      throw new HafError(
        'HAF_SPLIT_INVALID',
        `Methods "${first.method}" and "${method}" were not tested on the same patients: ${odd.slice(0, 5).join(', ')}.`,
        'All methods of a run must use the same folds: run the experiment again with one split.',
        { context: { methods: [first.method, method], patients: odd } },
      );
  }
}

function rowOf(results: MethodResults, cohortSize: number, cv: Config['cv']): SummaryRow {
  const { evaluations, pooled } = results;
  const { id, title, paper } = methodOf(results.method);
  const test = (metric: keyof Metrics) => spreadOf(evaluations.map((evaluation) => evaluation.test[metric]));
  const row = {
    method: id,
    title,
    folds: evaluations.length,
    accuracy: test('accuracy'),
    balancedAccuracy: test('balancedAccuracy'),
    sensitivity: test('sensitivity'),
    specificity: test('specificity'),
    auc: test('auc'),
    brier: test('brier'),
    pooledAuc: pooledAucOf(pooled),
    observedAuc: spreadOf(evaluations.map(({ testObserved }) => testObserved.auc)),
    paper: {
      table: paper.table,
      accuracy: paper.accuracy && ([...paper.accuracy] as [number, number]),
      auc: paper.auc && ([...paper.auc] as [number, number]),
    },
  };
  return { ...row, notes: rowNotes(row, results, cohortSize, cv) };
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
