import { HafError } from '../../pipeline/core/errors.js';
import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import type { CohortFile } from '../cohort/cohort-data.js';
import type { Method } from '../methods/method.js';
import { groupedNotes } from './summary-tables.js';
import { summaryFile, type Summary } from './summary-data.js';
import { knownOfPatients, modalitiesOfPatients } from './known-of-patients.js';
import { recommendedInTime } from './recommend-in-time.js';
import { subgroupsCsv } from './subgroup-tables.js';
import { subgroupsInTime } from './subgroups.js';
import { survivalComparisons } from './survival-comparisons.js';
import { survivalResultsOf, testedOf, type SurvivalResults } from './survival-results.js';
import { survivalRowOf } from './survival-row.js';
import {
  allPredictionsCsv,
  survivalCsv,
  survivalLatex,
  survivalMarkdown,
  survivalRobustnessCsv,
} from './survival-tables.js';

/** The inputs of the summary besides the results of the methods: the cohort, and the skipped methods. */
interface Known extends CohortFile {
  readonly skipped: Summary['skipped'];
}

/**
 * The summary of a time-to-event experiment: a row per method, comparisons of C, and all test predictions in one file
 * (method.md 11.5).
 *
 * @throws HafError HAF_SPLIT_INVALID if the methods were not tested on the same patients
 */
export function survivalSummaryOf(
  methods: readonly Method[],
  { outcome, patients, skipped }: Known,
  context: StageContext,
): StageOutput {
  const { config, inputs } = context;
  const results = methods.map((method) => survivalResultsOf(method, inputs));
  refuseUnequalTests(results);
  const positive = patients.filter(({ y }) => y === 1).length;
  const rows = results.map((one) => survivalRowOf(one, patients.length, config));
  const summary: Summary = {
    outcome,
    cohort: {
      ...{ patients: patients.length, positive },
      majority: Math.max(positive, patients.length - positive) / patients.length,
    },
    paper: null,
    rows,
    skipped: [...skipped],
    comparisons: [],
    recommended: recommendedInTime(results, rows, context),
    subgroups: subgroupsInTime(results, knownOfPatients(inputs, config), config, context.rng),
    survival: {
      horizons: config.survival.horizons,
      tau: config.survival.tau,
      comparisons: survivalComparisons(results, context),
    },
    ...{ schedule: config.schedule, preset: config.preset, seed: config.seed },
  };
  const notes = groupedNotes(summary).map(({ about, text }) => `${about}: ${text}`);
  return {
    type: 'output',
    files: {
      [summaryFile]: summary,
      'summary.csv': utf8(survivalCsv(summary)),
      'summary.md': utf8(survivalMarkdown(summary, notes)),
      'summary.tex': utf8(survivalLatex(summary, notes)),
      ...(summary.subgroups.length === 0
        ? {}
        : { 'subgroups.csv': utf8(subgroupsCsv(summary.subgroups, 'c')) }),
      ...(results.some(({ robustness }) => robustness.length > 0)
        ? { 'robustness.csv': utf8(survivalRobustnessCsv(results)) }
        : {}),
      'predictions.csv': utf8(
        allPredictionsCsv(
          results,
          config.survival.horizons,
          modalitiesOfPatients(inputs, config.modalities) ?? (() => []),
        ),
      ),
    },
    metrics: Object.fromEntries(
      summary.rows.map(({ method, survival }) => [`${method}C`, survival?.c.mean ?? null]),
    ),
  };
}

function refuseUnequalTests([first, ...others]: readonly SurvivalResults[]): void {
  if (first === undefined) return;
  const keys = (results: SurvivalResults): string =>
    testedOf(results)
      .map(({ fold, patient }) => `${fold}/${patient}`)
      .sort()
      .join(' ');
  for (const other of others)
    if (keys(other) !== keys(first))
      throw new HafError(
        'HAF_SPLIT_INVALID',
        `Methods "${first.method.id}" and "${other.method.id}" were not tested on the same patients.`,
        'All methods of a run must use the same folds: run the experiment again with one split.',
      );
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
