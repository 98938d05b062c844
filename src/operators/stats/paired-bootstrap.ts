import type { Rng } from '../../pipeline/core/rng.js';
import type { Label } from './labels.js';

/** Results of the classifiers A and B for the same patients: their scores, and whether their predictions are right. */
export interface PairedAnswers {
  readonly labels: readonly Label[];
  readonly correctA: readonly boolean[];
  readonly correctB: readonly boolean[];
  readonly scoresA: readonly number[];
  readonly scoresB: readonly number[];
}

export interface DifferenceIntervals {
  readonly accuracy: readonly [number, number];
  /** Interval of the difference of the AUCs. Null if no group of patients (a fold) has two patients of each class. */
  readonly auc: readonly [number, number] | null;
}

/**
 * 95 % percentile intervals of accuracy A - accuracy B and AUC A - AUC B. Each resample draws as many patients as there
 * are, with replacement, within each outcome of each group, so that both classes keep their size. Both classifiers are
 * evaluated on the same resample. The AUC difference is the mean over the groups in which each class has two patients,
 * as in DeLong's test.
 *
 * @param groups positions of patients whose scores may be ranked together; each patient is in one group
 */
export function bootstrapIntervals(
  answers: PairedAnswers,
  groups: readonly (readonly number[])[],
  resamples: number,
  rng: Rng,
): DifferenceIntervals {
  const { labels, correctA, correctB } = answers;
  const patients = labels.length;
  const gain = labels.map((_, i) => Number(correctA[i]) - Number(correctB[i]));
  const strata = groups
    .flatMap((group) => ([1, 0] as const).map((label) => group.filter((i) => labels[i] === label)))
    .filter((stratum) => stratum.length > 0)
    .map((stratum) => Int32Array.from(stratum));
  const ranked = groups
    .filter((group) => {
      const positives = group.filter((i) => labels[i] === 1).length;
      return Math.min(positives, group.length - positives) >= 2;
    })
    .map((group) => ({
      a: ranking(labels, answers.scoresA, group),
      b: ranking(labels, answers.scoresB, group),
    }));
  const drawn = new Int32Array(patients);
  const accuracies = new Float64Array(resamples);
  const aucs = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample++) {
    drawn.fill(0);
    for (const stratum of strata)
      for (let draw = 0; draw < stratum.length; draw++) {
        const patient = stratum[rng.int(stratum.length)] as number;
        drawn[patient] = (drawn[patient] as number) + 1;
      }
    accuracies[resample] = gain.reduce((sum, value, i) => sum + value * (drawn[i] as number), 0) / patients;
    aucs[resample] =
      ranked.reduce((sum, { a, b }) => sum + aucOfDraw(a, drawn) - aucOfDraw(b, drawn), 0) / ranked.length;
  }
  return { accuracy: middle95(accuracies), auc: ranked.length === 0 ? null : middle95(aucs) };
}

/** The patients of a group, sorted once by score, so that the AUC of a resample needs no sorting. */
interface Ranking {
  /** Positions of patients, ascending by score. */
  readonly order: Int32Array;
  readonly positive: Uint8Array;
  /** For each patient of `order`: 1 if the next patient has another score or none follows, else 0. */
  readonly endsTie: Uint8Array;
  readonly pairs: number;
}

function ranking(labels: readonly Label[], scores: readonly number[], group: readonly number[]): Ranking {
  const order = [...group].sort((a, b) => (scores[a] as number) - (scores[b] as number));
  const positives = order.filter((i) => labels[i] === 1).length;
  return {
    order: Int32Array.from(order),
    positive: Uint8Array.from(order, (i) => labels[i] as number),
    endsTie: Uint8Array.from(order, (i, at) => Number(scores[order[at + 1] ?? -1] !== scores[i])),
    pairs: positives * (order.length - positives),
  };
}

/** AUC in which each patient counts as often as it was drawn. Ties count one half. */
function aucOfDraw({ order, positive, endsTie, pairs }: Ranking, drawn: Int32Array): number {
  let [below, wins, tiedPositive, tiedNegative] = [0, 0, 0, 0];
  for (let at = 0; at < order.length; at++) {
    const times = drawn[order[at] as number] as number;
    if (positive[at] === 1) tiedPositive += times;
    else tiedNegative += times;
    if (endsTie[at] === 0) continue;
    wins += tiedPositive * (below + tiedNegative / 2);
    below += tiedNegative;
    tiedPositive = tiedNegative = 0;
  }
  return wins / pairs;
}

/** The 2.5 % and 97.5 % quantiles, interpolated between neighbouring values. */
function middle95(values: Float64Array): readonly [number, number] {
  const sorted = values.slice().sort();
  const point = (share: number): number => {
    const at = share * (sorted.length - 1);
    const below = sorted[Math.floor(at)] as number;
    return below + (at - Math.floor(at)) * ((sorted[Math.ceil(at)] as number) - below);
  };
  return [point(0.025), point(0.975)];
}
