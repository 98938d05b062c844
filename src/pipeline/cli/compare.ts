import type { RunComparison, PredictedMethod } from '../../operators/evaluation/compare-runs.js';
import { nearest } from '../core/suggest.js';
import { HafError } from '../core/errors.js';
import { rng } from '../core/rng.js';
import { RunDirectory } from '../runs/run-directory.js';
import { predictedMethods, readPredictions, readTestedInTime } from '../runs/run-predictions.js';
import type { CompareOptions } from './options.js';
import { printData, printJson } from './output.js';
import { textTable } from './text-table.js';

/**
 * `compare RUN_A RUN_B`: compares the saved test predictions of two runs on the same patients. It compares every
 * method that both runs have, or the named ones. The tests follow the `stats` section of the first run's experiment,
 * always on the pooled predictions.
 */
export async function compare(runA: string, runB: string, options: CompareOptions): Promise<void> {
  const [a, b] = [runA, runB].map((name) => RunDirectory.findExperiment(options.runs, name)) as [
    RunDirectory,
    RunDirectory,
  ];
  const { stats, seed } = a.experiment();
  const names = methodPairs(a, b, options);
  const kinds = [a, b].map((one) => one.experiment().data.outcome.kind);
  if (kinds[0] !== kinds[1])
    throw new HafError(
      'HAF_USAGE',
      `${a.run} is ${kinds[0]} and ${b.run} is ${kinds[1]}: they have no measure in common.`,
      'Compare runs with the same data.outcome.kind.',
    );
  if (kinds[0] === 'timeToEvent') return compareInTime(a, b, names, options);
  const pairs = names.map(([first, second]) => [predicted(a, first), predicted(b, second)] as const);
  const { compareRuns } = await import('../../operators/evaluation/compare-runs.js');
  const comparisons = compareRuns(pairs, stats, (first, second) =>
    rng(seed, ['compare', first.run, first.method, second.run, second.method].join('/')),
  );
  const { mcnemar, bootstrap } = stats;
  if (options.json) printJson({ runs: [a.run, b.run], mcnemar, bootstrap, comparisons });
  else printData(comparisonText(a.run, b.run, comparisons, stats));
}

/** `compare` for time-to-event experiments: Harrell's C within folds, tested by a paired bootstrap. */
async function compareInTime(
  a: RunDirectory,
  b: RunDirectory,
  names: readonly (readonly [string, string])[],
  options: CompareOptions,
): Promise<void> {
  const { stats, seed } = a.experiment();
  const { compareSurvivalRuns } = await import('../../operators/evaluation/compare-survival.js');
  const tested = (directory: RunDirectory, method: string) => ({
    ...{ run: directory.run, method },
    patients: readTestedInTime(directory, method),
  });
  const comparisons = compareSurvivalRuns(
    names.map(([first, second]) => [tested(a, first), tested(b, second)] as const),
    stats.bootstrap,
    (first, second) => rng(seed, ['compare', first.run, first.method, second.run, second.method].join('/')),
  );
  if (options.json) return printJson({ runs: [a.run, b.run], bootstrap: stats.bootstrap, comparisons });
  const lines = comparisons.map(({ first, second, difference: by, ci95, ...one }) => [
    first.method === second.method ? first.method : `${first.method} - ${second.method}`,
    ...[number(first.c), number(second.c)],
    by === null ? '-' : difference({ difference: by, ci95 }),
    ...[p(one.p), p(one.adjusted)],
  ]);
  printData(
    [
      `A: ${a.run}`,
      `B: ${b.run}`,
      `${comparisons[0]?.patients ?? 0} test patients, the same in both`,
      '',
      textTable(["Harrell's C", 'A', 'B', 'A - B [95 % CI]', 'p', 'adjusted p'], lines),
      '',
      ...comparisons.flatMap(({ first, reason }) => (reason === null ? [] : [`${first.method}: ${reason}`])),
      `C over the pairs within each fold; paired bootstrap, ${stats.bootstrap} resamples of patients; adjusted by Holm over ${comparisons.length}`,
    ].join('\n'),
  );
}

const predicted = (directory: RunDirectory, method: string): PredictedMethod => ({
  ...{ run: directory.run, method },
  folds: readPredictions(directory, method),
  testing: directory.experiment().cv,
});

/**
 * Pairs a method of the first run with a method of the second.
 * @throws HafError HAF_USAGE if `--methods` has not two names, a named method has no predictions, the runs share no
 * method, or a method would be compared with itself
 */
function methodPairs(
  a: RunDirectory,
  b: RunDirectory,
  { method, methods }: CompareOptions,
): readonly (readonly [string, string])[] {
  if (methods !== undefined && methods.length !== 2)
    throw new HafError(
      'HAF_USAGE',
      `--methods takes two names, one method of each run; ${methods.length} were given.`,
      'For example --methods haf all_mlp.',
    );
  const [first, second] = methods ?? [method, method];
  const pairs =
    first === undefined || second === undefined
      ? sharedMethods(a, b).map((shared) => [shared, shared] as const)
      : [[requireMethod(a, first), requireMethod(b, second)] as const];
  if (a.run === b.run && pairs.every(([one, other]) => one === other))
    throw new HafError(
      'HAF_USAGE',
      `${a.run} would be compared with itself.`,
      `Name two of its methods with --methods (${predictedMethods(a).join(', ')}), or another run.`,
    );
  return pairs;
}

/** The methods that both runs have, in the order of the first run's table. */
function sharedMethods(a: RunDirectory, b: RunDirectory): readonly string[] {
  const [ofA, ofB] = [predictedMethods(a), predictedMethods(b)];
  const shared = a.experiment().methods.filter((method) => ofA.includes(method) && ofB.includes(method));
  if (shared.length > 0) return shared;
  throw new HafError(
    'HAF_USAGE',
    `No method has predictions in both runs: ${a.run} has ${named(ofA)}, ${b.run} has ${named(ofB)}.`,
    'Name one method of each run with --methods.',
  );
}

const named = (methods: readonly string[]): string => (methods.length === 0 ? 'none' : methods.join(', '));

function requireMethod(directory: RunDirectory, method: string): string {
  const known = predictedMethods(directory);
  if (known.includes(method)) return method;
  const guess = nearest(method, known);
  throw new HafError(
    'HAF_USAGE',
    `${directory.run} has no predictions of method "${method}"${guess === null ? '.' : `; did you mean "${guess}"?`}`,
    `Methods with predictions there: ${named(known)}.`,
  );
}

const number = (value: number | null): string => (value === null ? '-' : value.toFixed(3));
const signed = (value: number): string => `${value < 0 ? '' : '+'}${number(value)}`;
const p = (value: number | null): string =>
  value === null ? '-' : value < 0.0001 ? '< 0.0001' : value.toFixed(4);
const difference = (of: {
  readonly difference: number;
  readonly ci95: readonly [number, number] | null;
}): string => `${signed(of.difference)}${of.ci95 === null ? '' : ` [${of.ci95.map(signed).join(', ')}]`}`;

/** The reasons why AUCs or accuracies of a comparison are undefined. The table shows `-` for these numbers. */
const reasonLines = (
  comparisons: readonly RunComparison[],
  name: (of: RunComparison) => string,
): readonly string[] =>
  comparisons.flatMap((one) => [
    ...[one.aucReason ?? one.auc?.reason].flatMap((why) =>
      why === undefined ? [] : [`${name(one)}, AUC: ${why}`],
    ),
    ...(one.accuracy.reason === undefined ? [] : [`${name(one)}, accuracy: ${one.accuracy.reason}`]),
  ]);

function comparisonText(
  runA: string,
  runB: string,
  comparisons: readonly RunComparison[],
  { mcnemar, bootstrap }: { readonly mcnemar: string; readonly bootstrap: number },
): string {
  const name = ({ first, second }: RunComparison): string =>
    first.method === second.method ? first.method : `${first.method} - ${second.method}`;
  const differs = bootstrap === 0 ? 'A - B' : 'A - B [95 % CI]';
  const tested = ['p', 'adjusted p'];
  return [
    `A: ${runA}`,
    `B: ${runB}`,
    `${comparisons[0]?.patients ?? 0} test patients, the same in both`,
    '',
    textTable(
      ['AUC', 'A', 'B', differs, ...tested],
      comparisons.map((one) => [
        name(one),
        number(one.first.auc),
        number(one.second.auc),
        ...(one.auc === null ? ['-', '-', '-'] : [difference(one.auc), p(one.auc.p), p(one.auc.adjusted)]),
      ]),
    ),
    '',
    textTable(
      ['accuracy', 'A', 'B', differs, 'right: only A', 'only B', ...tested],
      comparisons.map((one) => [
        name(one),
        number(one.first.accuracy),
        number(one.second.accuracy),
        difference(one.accuracy),
        String(one.onlyFirst),
        String(one.onlySecond),
        p(one.accuracy.p),
        p(one.accuracy.adjusted),
      ]),
    ),
    '',
    ...reasonLines(comparisons, name),
    `p of AUC: DeLong; of accuracy at 0.5: McNemar, ${mcnemar}; adjusted by Holm over ${comparisons.length}` +
      (bootstrap === 0 ? '' : `; intervals: ${bootstrap} resamples of patients`),
  ].join('\n');
}
