import type { Rng } from '../../pipeline/core/rng.js';
import { grouped } from '../../pipeline/core/grouped.js';
import { counted } from '../../pipeline/core/wording.js';
import { quantile } from '../stats/quantile.js';
import { addPairs, concordanceOf } from './concordance.js';
import { followUpAt, type FollowUp } from './follow-up.js';
import { measured, notDefined, type Measure } from './measure.js';
import { PairCounter } from './pair-counter.js';

/** Risks of the same test patients by two methods. Each list has one entry for each tested patient of each fold. */
export interface PairedRisks {
  readonly followUp: FollowUp;
  readonly first: ArrayLike<number>;
  readonly second: ArrayLike<number>;
  readonly fold: ArrayLike<number>;
  /** The patient of an entry: the same number for one patient in several repeats. */
  readonly patient: ArrayLike<number>;
}

/** Difference of two methods in C within folds, first minus second. */
export interface PairedConcordance {
  readonly difference: Measure;
  /** 95 % percentile interval. Null if `resamples` is 0, if C is undefined, or if `unvaried` gives a reason. */
  readonly ci95: readonly [number, number] | null;
  /**
   * Two-sided: twice the fraction of resamples whose difference is 0 or on the other side of 0, at most 1. One is added
   * to both counts of the fraction, so p is never 0. Null if `ci95` is null.
   */
  readonly p: number | null;
  /**
   * The reason why `ci95` and `p` are null: too few events or pairs, so the resamples cannot vary the difference.
   * Otherwise null.
   */
  readonly unvaried: string | null;
  /** Number of resamples with a comparable pair. */
  readonly resamples: number;
}

/**
 * Paired bootstrap of Harrell's C within folds (method.md 11.5): patients are drawn with replacement within each fold
 * and status, and both methods are scored on the same resample. A patient of several repeats is drawn once for all of
 * them, within its first fold.
 *
 * @param resamples number of resamples; with 0, only the difference is computed
 * @throws RangeError if a risk is not finite or the lengths differ
 */
export function comparePairedConcordance(
  { followUp, first, second, fold, patient }: PairedRisks,
  resamples: number,
  random: Rng,
): PairedConcordance {
  const rows = Array.from(followUp.time, (_, i) => i);
  const folds = [...grouped(rows.map((i) => [fold[i], i] as const)).values()].map((members) => {
    const own = followUpAt(followUp, members);
    return {
      patients: members.map((i) => patient[i] as number),
      comparable: comparableEvents(own),
      counters: [first, second].map(
        (risks) =>
          new PairCounter(
            own,
            members.map((i) => risks[i] as number),
          ),
      ),
    };
  });
  /** C of each method if every patient counts the given number of times. */
  const both = (times: ReadonlyMap<number, number> | null): readonly Measure[] => {
    const drawn = folds.map(({ patients }) =>
      times === null ? undefined : Float64Array.from(patients, (id) => times.get(id) ?? 0),
    );
    return [0, 1].map((method) =>
      concordanceOf(
        addPairs(
          folds.map(({ counters }, f) => {
            const counter = counters[method] as PairCounter;
            const own = drawn[f];
            return own === undefined ? counter.count() : counter.count({ times: own });
          }),
        ),
      ),
    );
  };
  const difference = differenceOf(both(null));
  const without = (unvaried: string | null): PairedConcordance => ({
    ...{ difference, ci95: null, p: null, resamples: 0, unvaried },
  });
  if (difference.value === null || resamples === 0) return without(null);
  const events = folds.map(({ comparable }) => comparable);
  if (Math.max(...events) < 2) return without(tooFewEvents(events));
  const strata = strataOf(rows, patient, fold, followUp.event);
  const differences: number[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    const { value } = differenceOf(both(drawnTimes(strata, random)));
    if (value !== null) differences.push(value);
  }
  if (differences.length === 0) return without(null);
  const sorted = Float64Array.from(differences).sort();
  if (sorted[0] === sorted.at(-1) && difference.value !== 0)
    return without('all resamples have the same difference: too few comparable pairs for an interval or a p');
  const share = (beyond: (value: number) => boolean): number =>
    (1 + sorted.reduce((count, value) => count + (beyond(value) ? 1 : 0), 0)) / (1 + sorted.length);
  return {
    difference,
    ci95: [quantile(sorted, 0.025), quantile(sorted, 0.975)],
    p: Math.min(
      1,
      2 *
        Math.min(
          share((value) => value <= 0),
          share((value) => value >= 0),
        ),
    ),
    resamples: sorted.length,
    unvaried: null,
  };
}

/** Number of events that form a comparable pair with at least one other patient. */
function comparableEvents({ time, event }: FollowUp): number {
  const last = Math.max(...time);
  const censoredLast = time.some((days, i) => days === last && event[i] === 0);
  return time.filter((days, i) => event[i] === 1 && (days < last || censoredLast)).length;
}

/**
 * If a fold has only one event, every resample contains this event. If this holds for all folds, the interval would
 * have no width, and p would be small for this reason alone.
 */
function tooFewEvents(events: readonly number[]): string {
  const total = events.reduce((sum, count) => sum + count, 0);
  return `no fold has two events that can be compared with a later patient (${counted(total, 'event')} in ${counted(events.length, 'fold')}), so the bootstrap cannot vary them`;
}

function differenceOf([first, second]: readonly Measure[]): Measure {
  if (first?.value == null) return notDefined(first?.reason ?? 'no patients');
  if (second?.value == null) return notDefined(second?.reason ?? 'no patients');
  return measured(first.value - second.value);
}

/** The patients of each fold and status, each patient in its first fold. */
function strataOf(
  rows: readonly number[],
  patient: ArrayLike<number>,
  fold: ArrayLike<number>,
  event: ArrayLike<number>,
): readonly (readonly number[])[] {
  const seen = new Set<number>();
  const firstRows = rows.filter((i) => {
    const id = patient[i] as number;
    return !seen.has(id) && seen.add(id).has(id);
  });
  return [
    ...grouped(
      firstRows.map((i) => [`${fold[i] as number}/${event[i] as number}`, patient[i] as number] as const),
    ).values(),
  ];
}

function drawnTimes(strata: readonly (readonly number[])[], random: Rng): Map<number, number> {
  const times = new Map<number, number>();
  for (const stratum of strata)
    for (let draw = 0; draw < stratum.length; draw++) {
      const id = stratum[random.int(stratum.length)] as number;
      times.set(id, (times.get(id) ?? 0) + 1);
    }
  return times;
}
