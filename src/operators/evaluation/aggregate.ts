import type { Config } from '../../pipeline/config/schema.js';
import { methodSettings, slotsOf } from '../../pipeline/config/slots.js';
import { cohortFile, cohortFileSchema } from '../cohort/cohort-data.js';
import { paperCitation, showsPaper } from '../paper/paper-results.js';
import { missingFor } from '../methods/method.js';
import { methodOf } from '../methods/registry.js';
import { stageOf } from '../stage-of.js';
import { comparisonsCsv, comparisonsLatex, comparisonsMarkdown } from './comparison-tables.js';
import { knownOfPatients } from './known-of-patients.js';
import { methodComparisons } from './method-comparisons.js';
import { refuseUnequalTests, resultsOf } from './method-results.js';
import { majorityShare } from './metrics.js';
import { recommendedOf } from './recommend.js';
import { robustnessCsv } from './robustness-table.js';
import { subgroupsCsv } from './subgroup-tables.js';
import { subgroupsOf } from './subgroups.js';
import { summaryFile, type Summary } from './summary-data.js';
import { rowOf } from './summary-row.js';
import { survivalSummaryOf } from './survival-aggregate.js';
import { csvTable, latexTable, markdownTable } from './summary-tables.js';

/**
 * Combines the folds of every method into one table row: mean and population standard deviation over folds, the pooled
 * AUC with its interval (method.md 9.1, 9.5), and for HANCOCK the paper's numbers. Methods that cannot run with the
 * modalities of the experiment are listed with the reason.
 *
 * @throws HafError HAF_SPLIT_INVALID if patients are tested twice, or if methods are tested on different patients
 */
export const aggregate = stageOf((context) => {
  const { config, inputs } = context;
  const { patients, outcome } = inputs.one('cohort').json(cohortFile, cohortFileSchema);
  const slots = slotsOf(config);
  const asked = config.methods.map((id) => {
    const method = methodOf(id);
    return { method, missing: missingFor(method, slots, methodSettings(config)) };
  });
  const skipped = asked.flatMap(({ method: { id, title }, missing }) =>
    missing === null ? [] : [{ method: id, title, reason: missing }],
  );
  const runnable = asked.filter(({ missing }) => missing === null).map(({ method }) => method);
  if (config.data.outcome.kind === 'timeToEvent')
    return survivalSummaryOf(runnable, { outcome, patients, skipped }, context);
  const methods = runnable.map((method) => resultsOf(method, inputs, config.cv));
  refuseUnequalTests(methods);
  // `majority` is the accuracy of always answering the more frequent class. It is computed on the tested patients, so
  // that it can be compared with the accuracies of the methods. A fixed test set is only a part of the cohort.
  const tested = methods[0]?.pooled.labels ?? patients.map(({ y }) => y);
  const rows = methods.map((results) => rowOf(results, patients.length, config, outcome));
  const summary: Summary = {
    outcome,
    cohort: {
      patients: patients.length,
      positive: patients.filter(({ y }) => y === 1).length,
      majority: majorityShare(tested.length, tested.filter((y) => y === 1).length) ?? 0,
    },
    paper: showsPaper(config) ? paperCitation : null,
    rows,
    skipped,
    comparisons: methodComparisons(methods, context, outcome),
    recommended: recommendedOf(methods, rows, context, outcome),
    subgroups: subgroupsOf(methods, knownOfPatients(inputs, config), config, outcome),
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
      ...comparisonFiles(summary, config),
      ...(summary.subgroups.length === 0
        ? {}
        : { 'subgroups.csv': utf8(subgroupsCsv(summary.subgroups, 'auc')) }),
      ...(methods.some(({ robustness }) => robustness.length > 0)
        ? { 'robustness.csv': utf8(robustnessCsv(methods)) }
        : {}),
    },
    metrics: Object.fromEntries(summary.rows.map(({ method, auc }) => [`${method}Auc`, auc.mean])),
  };
});

const comparisonFiles = (
  summary: Summary,
  config: Pick<Config, 'stats' | 'cv'>,
): Readonly<Record<string, Uint8Array>> =>
  summary.comparisons.length === 0
    ? {}
    : {
        'comparisons.csv': utf8(comparisonsCsv(summary)),
        'comparisons.md': utf8(comparisonsMarkdown(summary, config)),
        'comparisons.tex': utf8(comparisonsLatex(summary, config)),
      };

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
