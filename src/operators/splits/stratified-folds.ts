import { rng, type Rng } from '../../pipeline/core/rng.js';
import type { Fold } from './split-data.js';

/** What a split looks at: who, and the outcome to stratify by. */
export interface Labelled {
  readonly id: string;
  readonly y: 0 | 1;
}

const classes = [0, 1] as const;

/** Share of the patients that are not tested which validates: 1/9 of 90 % gives 80/10/10 (method.md 1.4). */
const validationShare = 1 / 9;

/** Ids of one class, sorted and then shuffled, so that the order of the input never matters. */
const shuffledClass = (patients: readonly Labelled[], y: 0 | 1, random: Rng): string[] =>
  random.shuffle(
    patients
      .filter((patient) => patient.y === y)
      .map(({ id }) => id)
      .sort(),
  );

/**
 * Deals patients to `count` parts (method.md 1.4): each class is sorted, shuffled and dealt round-robin, the
 * second class starting at the part after the first one's last. Part sizes, in all and per class, differ by one
 * at most. Ids within a part are sorted.
 */
export function dealParts(patients: readonly Labelled[], count: number, random: Rng): string[][] {
  const parts = Array.from({ length: count }, (): string[] => []);
  const dealt = classes.flatMap((y) => shuffledClass(patients, y, random));
  dealt.forEach((id, turn) => parts[turn % count]?.push(id));
  return parts.map((part) => part.sort());
}

/**
 * The validation patients of a fold: about 1/9 of each class of those who are not tested. A class of two or more
 * always gives one, because without both outcomes the validation AUC that stops training is undefined.
 */
function drawValidation(rest: readonly Labelled[], random: Rng): ReadonlySet<string> {
  const drawn = classes.flatMap((y) => {
    const ids = shuffledClass(rest, y, random);
    const wanted = Math.round(ids.length * validationShare);
    return ids.slice(0, ids.length < 2 ? 0 : Math.max(1, wanted));
  });
  return new Set(drawn);
}

/** How folds are drawn. */
export interface Draw {
  /** Number of folds. */
  readonly folds: number;
  readonly seed: number;
  /** Which repetition of the whole cross-validation this is; each draws folds of its own. */
  readonly repeat: number;
  /** Where validation patients come from: those who are not tested, or half of those who would be. */
  readonly validation: 'own' | 'halfOfTest';
}

/** The first repeat has the streams of an experiment without repeats, so that its folds are the same. */
const streamOf = ({ seed, repeat }: Pick<Draw, 'seed' | 'repeat'>, purpose: string): Rng =>
  rng(seed, repeat === 0 ? `split/${purpose}` : `split/repeat/${repeat}/${purpose}`);

/**
 * Stratified cross-validation with a validation set per fold (method.md 1.4, `cv.outer` and `cv.val`). Preset paper:
 * every patient is tested exactly once. `halfOfTest`: the same held-out parts, each cut in two stratified halves that
 * differ by one patient at most, the first to validate. Each fold draws its validation patients from a stream of its own.
 */
export function stratifiedFolds(patients: readonly Labelled[], draw: Draw): Fold[] {
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
 * Folds that each test all patients of one group (method.md 1.4, `cv.mode` groups), in the order of the names. The
 * validation patients are drawn from the others as in `stratifiedFolds`. The stream follows the name of the group, so that
 * another group leaves the draws of the others to the same numbers.
 */
export function groupedFolds(
  patients: readonly (Labelled & { readonly group: string })[],
  draw: Pick<Draw, 'seed' | 'repeat'>,
): Fold[] {
  const names = [...new Set(patients.map(({ group }) => group))].sort();
  return names.map((group) => {
    const rest = patients.filter((patient) => patient.group !== group);
    const val = drawValidation(rest, streamOf(draw, `group/${group}`));
    const sorted = (of: readonly Labelled[]): string[] => of.map(({ id }) => id).sort();
    return {
      train: sorted(rest.filter(({ id }) => !val.has(id))),
      val: sorted(rest.filter(({ id }) => val.has(id))),
      test: sorted(patients.filter((patient) => patient.group === group)),
      group,
    };
  });
}

/**
 * Folds inside given training patients, with the same test patients in all of them (method.md 1.4,
 * `cv.mode` fixedTest): the held-out part of a fold validates.
 */
export function fixedTestFolds(
  training: readonly Labelled[],
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
