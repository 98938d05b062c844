import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Target } from '../criteria/criterion.js';
import type { JudgedFold } from '../criteria/judged-fold.js';
import { mean, populationStd } from '../stats/spread.js';
import { tiedScores } from '../stats/tied-scores.js';
import type { SubsetWorth } from './bundle-data.js';
import type { ScoringModel } from './scoring-model.js';

/**
 * Number of modalities up to which every subset is tried. With more modalities, only the subsets of one, of all but
 * one, and of all modalities are tried.
 */
const mostForAll = 10;

/** The subsets that are tried if there are `count` modalities. Each subset lists the positions of its modalities. */
export function subsetsOf(count: number): readonly (readonly number[])[] {
  const all = Array.from({ length: count }, (_, m) => m);
  if (count > mostForAll) {
    const single = all.map((m) => [m]);
    return [...single, ...all.map((m) => all.filter((other) => other !== m)), all];
  }
  return Array.from({ length: 2 ** count - 1 }, (_, bits) => all.filter((m) => ((bits + 1) >> m) & 1));
}

/**
 * Measures how well a method ranks test patients by a subset of their modalities, as AUC or Harrell's C. In each fold,
 * the test patients that have all modalities of the subset are scored with all other modalities hidden.
 */
export class WorthOfSubsets {
  private readonly folds = new Map<
    string,
    { readonly modalities: readonly ModalityId[]; readonly values: (number | null)[]; patients: number }
  >();

  /** Scores the test patients of a fold by each tried subset, and keeps the results for `table`. */
  async add(model: ScoringModel, { fold, targets, criterion }: JudgedFold): Promise<void> {
    const { modalities } = model;
    const all = modalities.map((_, m) => m);
    for (const subset of model.hides ? subsetsOf(modalities.length) : [all]) {
      const patients = fold.test.filter((patient) => subset.every((m) => model.has(patient, m)));
      const open = Uint8Array.from({ length: patients.length * modalities.length }, (_, at) =>
        subset.includes(at % modalities.length) ? 1 : 0,
      );
      const rows = patients.length === 0 ? [] : await model.outputs(patients, open);
      const scores = rows.map((row) => criterion.scoreOf(row));
      const ranked = criterion.modelOf === null ? tiedScores(scores) : scores;
      const value = criterion.discrimination(
        patients.map((patient) => targets[patient] as Target),
        ranked,
      );
      const key = subset.join();
      const known = this.folds.get(key) ?? {
        modalities: subset.map((m) => modalities[m] as string),
        values: [],
        patients: 0,
      };
      known.values.push(value);
      known.patients += patients.length;
      this.folds.set(key, known);
    }
  }

  /** The results of all tried subsets of modalities. Subsets with the fewest modalities come first. */
  table(): SubsetWorth[] {
    return [...this.folds.values()]
      .map(({ modalities, values, patients }) => {
        const defined = values.flatMap((value) => value ?? []);
        const none = defined.length === 0;
        return {
          ...{ modalities: [...modalities], folds: defined.length, patients },
          ...{ mean: none ? null : mean(defined), std: none ? null : populationStd(defined) },
        };
      })
      .sort((a, b) => a.modalities.length - b.modalities.length);
  }
}
