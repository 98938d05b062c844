import { readFile } from 'node:fs/promises';
import { hashOf } from '../../pipeline/core/canonical-json.js';
import type { Config } from '../../pipeline/config/schema.js';
import { HafError } from '../../pipeline/core/errors.js';
import { idRuleOf, type IdRule } from '../../pipeline/core/naming.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { SourceFile, StageCode } from '../../pipeline/stage.js';
import { cohortFile, cohortFileSchema } from '../cohort/cohort-data.js';
import { stageOf, withProblems } from '../stage-of.js';
import { checkFolds, refuseRepeatedTests } from './check-folds.js';
import { readGroupFile, smallGroups, withGroups } from './group-patients.js';
import { knownPatients, matchFolds, unlisted } from './match-cohort.js';
import { splitsFile, type Fold, type Splits } from './split-data.js';
import { readFolds, readOfficialSplit } from './split-file.js';
import { fixedTestFolds, groupedFolds, stratifiedFolds, type StratifiedPatient } from './stratified-folds.js';

interface Drawn {
  readonly folds: readonly Fold[];
  readonly problems: readonly Problem[];
}

/**
 * Draws the training, validation and test patients of every fold, or takes them from the user's split file (source role `splits`;
 * method.md 1.4), or tests one group per fold (source role `groups`). With `cv.repeats` the draw is repeated, and folds are numbered
 * consecutively. The unit of the draw is the patient: all slides, cores and rows of a patient are in the same set. Reads `cohort`;
 * writes `splits.json`. The draw depends only on `cv.seed`, so experiments with another training seed are compared on the same folds.
 *
 * @throws HafError HAF_COHORT_INVALID for fewer patients than folds, HAF_SPLIT_INVALID if a file, or the folds, do not
 * fit the cohort or the settings in `cv`
 */
export const split: StageCode = stageOf(async ({ inputs, config, sources }) => {
  const read = inputs.one('cohort').json(cohortFile, cohortFileSchema);
  const patients: readonly StratifiedPatient[] = read.patients;
  const idOf = idRuleOf(config.data.layout);
  const file = sources.find(({ role }) => role === 'splits');
  const { folds, problems } =
    config.cv.mode === 'fixedTest'
      ? await fixedTest(patients, config.cv, file, idOf)
      : config.cv.mode === 'groups'
        ? await leavingGroupsOut(patients, config.cv, sources)
        : file === undefined
          ? drawn(patients, config.cv)
          : await given(patients, config.cv, file, idOf);
  const warnings = withProblems(problems, () => {
    if (config.cv.mode !== 'fixedTest') refuseRepeatedTests(folds, config.cv);
    const inTime = config.data.outcome.kind === 'timeToEvent';
    return checkFolds(folds, patients, config.cv, { words: read.outcome, inTime });
  });
  const output: Splits = { folds: [...folds], hash: hashOf(folds) };
  return { type: 'output', files: { [splitsFile]: output }, problems: [...problems, ...warnings] };
});

/** The folds of all repeats of the cross-validation, concatenated. */
const repeated = ({ repeats }: Config['cv'], draw: (repeat: number) => readonly Fold[]): readonly Fold[] =>
  Array.from({ length: repeats }, (_, repeat) => draw(repeat)).flat();

function drawn(patients: readonly StratifiedPatient[], cv: Config['cv']): Drawn {
  const dealt = enough(patients, cv);
  return { folds: repeated(cv, (repeat) => stratifiedFolds(dealt, { ...cv, repeat })), problems: [] };
}

async function leavingGroupsOut(
  patients: readonly StratifiedPatient[],
  cv: Config['cv'],
  sources: readonly SourceFile[],
): Promise<Drawn> {
  const grouped = withGroups(patients, await readGroupFile(sources), cv);
  return {
    folds: repeated(cv, (repeat) => groupedFolds(grouped, { ...cv, repeat })),
    problems: smallGroups(grouped, cv),
  };
}

async function given(
  patients: readonly StratifiedPatient[],
  cv: Config['cv'],
  { name, path }: SourceFile,
  idOf: IdRule,
): Promise<Drawn> {
  const folds = readFolds(name, await readFile(path, 'utf8'), cv.folds, idOf);
  return matchFolds(name, folds, new Set(patients.map(({ id }) => id)));
}

async function fixedTest(
  patients: readonly StratifiedPatient[],
  cv: Config['cv'],
  file: SourceFile | undefined,
  idOf: IdRule,
): Promise<Drawn> {
  if (file === undefined)
    throw new HafError(
      'HAF_SPLIT_INVALID',
      'cv.mode fixedTest needs a file that names the test patients.',
      'Set data.splits (dataset_split_in.json of HANCOCK), or cv.mode: kfold.',
    );
  const official = readOfficialSplit(file.name, await readFile(file.path, 'utf8'), idOf);
  const listed = [...official.training, ...official.test];
  const ids = new Set(patients.map(({ id }) => id));
  const training = new Set(official.training);
  const test = knownPatients(file.name, official.test, ids).known;
  const dealt = enough(
    patients.filter(({ id }) => training.has(id)),
    cv,
  );
  return {
    folds: repeated(cv, (repeat) => fixedTestFolds(dealt, test, { ...cv, repeat })),
    problems: [...knownPatients(file.name, listed, ids).problems, ...unlisted(file.name, listed, ids)],
  };
}

function enough(
  patients: readonly StratifiedPatient[],
  { folds }: Config['cv'],
): readonly StratifiedPatient[] {
  if (patients.length >= folds) return patients;
  throw new HafError(
    'HAF_COHORT_INVALID',
    `${patients.length} patients cannot be divided into ${folds} folds.`,
    'Lower cv.folds, loosen the rules under cohort, or add patients.',
  );
}
