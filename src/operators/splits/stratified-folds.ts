import { rng, type Rng } from '../../pipeline/core/rng.js';
import type { Fold } from './split-data.js';

/** The input of a split: the patient's id, and the outcome to stratify by. */
export interface StratifiedPatient {
  readonly id: string;
  readonly y: 0 | 1;
}

const classes = [0, 1] as const;

/** Fraction of the untested patients that is used for validation: 1/9 of 90 % gives 80/10/10 (method.md 1.4). */
const validationShare = 1 / 9;

/** Ids of one class, sorted and then shuffled, so that the order of the input does not matter. */
const shuffledClass = (patients: readonly StratifiedPatient[], y: 0 | 1, random: Rng): string[] =>
  random.shuffle(
    patients
      .filter((patient) => patient.y === y)
      .map(({ id }) => id)
      .sort(),
  );

/**
 * Deals patients to `count` parts (method.md 1.4): each class is sorted, shuffled and dealt round-robin. The second class starts at
 * the part after the last one of the first class. Part sizes, in total and per class, differ by at most one. Ids within a part are
 * sorted.
 */
export function dealParts(patients: readonly StratifiedPatient[], count: number, random: Rng): string[][] {
  const parts = Array.from({ length: count }, (): string[] => []);
  const dealt = classes.flatMap((y) => shuffledClass(patients, y, random));
  dealt.forEach((id, turn) => parts[turn % count]?.push(id));
  return parts.map((part) => part.sort());
}

/**
 * The validation patients of a fold: about 1/9 of each class of the untested patients. A class with at least two patients always
 * contributes one, because without both outcomes the validation AUC for early stopping is undefined.
 */
function drawValidation(rest: readonly StratifiedPatient[], random: Rng): ReadonlySet<string> {
  const drawn = classes.flatMap((y) => {
    const ids = shuffledClass(rest, y, random);
    const wanted = Math.round(ids.length * validationShare);
    return ids.slice(0, ids.length < 2 ? 0 : Math.max(1, wanted));
  });
  return new Set(drawn);
}

/** The options for drawing folds. */
export interface Draw {
  /** Number of folds. */
  readonly folds: number;
  readonly seed: number;
  /** The number of the repeat of the cross-validation. Each repeat draws its own folds. */
  readonly repeat: number;
  /** The source of validation patients: the untested patients, or half of the held-out patients. */
  readonly validation: 'own' | 'halfOfTest';
}

/** The first repeat has the same streams as an experiment without repeats, so that its folds are the same. */
const streamOf = ({ seed, repeat }: Pick<Draw, 'seed' | 'repeat'>, purpose: string): Rng =>
  rng(seed, repeat === 0 ? `split/${purpose}` : `split/repeat/${repeat}/${purpose}`);

/**
 * Stratified cross-validation with a validation set per fold (method.md 1.4, `cv.folds` and `cv.validation`). The
 * patients are divided into `cv.folds` parts, and each fold holds out one part. `own`: the whole part is tested, so
 * every patient is tested exactly once. `halfOfTest`: the part is divided into two stratified halves that differ by at
 * most one patient. The first half validates, the second is tested. Each fold draws its validation patients from its
 * own stream.
 */
export function stratifiedFolds(patients: readonly StratifiedPatient[], draw: Draw): Fold[] {
  return dealParts(patients, draw.folds, streamOf(draw, 'test')).map((held, fold) => {
    const isHeld = new Set(held);
    const rest = patients.filter(({ id }) => !isHeld.has(id));
    const ids = rest.map(({ id }) => id).sort();
    if (draw.validation === 'halfOfTest') {
      const halves = dealParts(
        patients.filter(({ id }) => isHeld.has(id)),
        2,
        streamOf(draw, `half/${fold}`),
      );
      return { train: ids, val: halves[0] ?? [], test: halves[1] ?? [] };
    }
    const val = drawValidation(rest, streamOf(draw, `val/${fold}`));
    return { train: ids.filter((id) => !val.has(id)), val: ids.filter((id) => val.has(id)), test: held };
  });
}

/**
 * Folds that each test all patients of one group (method.md 1.4, `cv.mode` groups), in the order of the names. The validation
 * patients are drawn from the other groups as in `stratifiedFolds`. The stream depends on the name of the group, so that an
 * additional group does not change the random numbers of the others.
 */
export function groupedFolds(
  patients: readonly (StratifiedPatient & { readonly group: string })[],
  draw: Pick<Draw, 'seed' | 'repeat'>,
): Fold[] {
  const names = [...new Set(patients.map(({ group }) => group))].sort();
  return names.map((group) => {
    const rest = patients.filter((patient) => patient.group !== group);
    const val = drawValidation(rest, streamOf(draw, `group/${group}`));
    const sorted = (of: readonly StratifiedPatient[]): string[] => of.map(({ id }) => id).sort();
    return {
      train: sorted(rest.filter(({ id }) => !val.has(id))),
      val: sorted(rest.filter(({ id }) => val.has(id))),
      test: sorted(patients.filter((patient) => patient.group === group)),
      group,
    };
  });
}

/**
 * Folds within given training patients, with the same test patients in all folds (method.md 1.4, `cv.mode` fixedTest): the held-out
 * part of a fold validates.
 */
export function fixedTestFolds(
  training: readonly StratifiedPatient[],
  test: readonly string[],
  draw: Omit<Draw, 'validation'>,
): Fold[] {
  const parts = dealParts(training, draw.folds, streamOf(draw, 'fixed-test'));
  return parts.map((val, fold) => ({
    train: parts
      .filter((_, other) => other !== fold)
      .flat()
      .sort(),
    val,
    test: [...test].sort(),
  }));
}
