import { HafError } from '../../pipeline/core/errors.js';
import { counted } from '../../pipeline/core/wording.js';
import { quantile } from '../stats/quantile.js';
import { eventCount, type FollowUp } from './follow-up.js';

/** Time bins: [0, c_1), [c_1, c_2), ..., [c_{K-1}, infinity). K is the number of inner edges plus one (method.md 11.2). */
export interface HazardBins {
  /** c_1 to c_{K-1}, in days, strictly ascending. */
  readonly innerEdges: Float64Array;
  /** c_K, the largest training time, in days. The hazard rate of the last bin continues beyond it. */
  readonly lastEdge: number;
  /** Notes for the user if the bins differ from the requested ones. Empty if they do not. */
  readonly notes: readonly string[];
}

/** K, the number of bins and of logits per patient. */
export const binCount = ({ innerEdges }: HazardBins): number => innerEdges.length + 1;

/** The bin of a time, from 0: the number of inner edges up to this time. */
export function binOf({ innerEdges }: HazardBins, time: number): number {
  let bin = 0;
  while (bin < innerEdges.length && (innerEdges[bin] as number) <= time) bin++;
  return bin;
}

/** Start and end of a bin, in days. */
export const boundsOf = (
  { innerEdges, lastEdge }: HazardBins,
  bin: number,
): { readonly from: number; readonly to: number } => ({
  from: bin === 0 ? 0 : (innerEdges[bin - 1] as number),
  to: innerEdges[bin] ?? lastEdge,
});

/**
 * Bins between the k/K quantiles (linear interpolation) of the event times of the training patients. Equal edges are merged.
 *
 * @param training follow-up of the fold's training patients
 * @throws HafError HAF_SPLIT_INVALID if no training patient has the event
 */
export function binsByQuantiles(training: FollowUp, bins: number): HazardBins {
  requireEvents(training);
  const times = training.time.filter((_, i) => training.event[i] === 1).sort();
  const edges = Array.from({ length: bins - 1 }, (_, k) => quantile(times, (k + 1) / bins));
  const distinct = edges.filter((edge, k) => k === 0 || edge > (edges[k - 1] as number));
  const merged = edges.length - distinct.length;
  return {
    innerEdges: Float64Array.from(distinct),
    lastEdge: lastTime(training),
    notes:
      merged === 0
        ? []
        : [
            `${counted(distinct.length + 1, 'time bin')} instead of ${bins}: event times of training patients tie, ` +
              'and bins that would be empty are merged',
          ],
  };
}

/**
 * Bins between given edges. Edges at or beyond the largest training time are left out, because no training patient is observed there.
 *
 * @param edges days, above 0 and strictly ascending
 * @throws HafError HAF_SPLIT_INVALID if no training patient has the event
 * @throws RangeError if the edges are not above 0 and ascending
 */
export function binsByEdges(training: FollowUp, edges: readonly number[]): HazardBins {
  requireEvents(training);
  if (edges.some((edge, k) => !(edge > (edges[k - 1] ?? 0))))
    throw new RangeError(`edges ${edges.join(', ')} do not ascend from above 0`);
  const lastEdge = lastTime(training);
  const reached = edges.filter((edge) => edge < lastEdge);
  const left = edges.length - reached.length;
  return {
    innerEdges: Float64Array.from(reached),
    lastEdge,
    notes:
      left === 0
        ? []
        : [
            `${counted(left, 'edge')} of time bins left out: at or beyond ${lastEdge} days, the largest training time`,
          ],
  };
}

const lastTime = ({ time }: FollowUp): number => time.reduce((last, days) => Math.max(last, days), 0);

function requireEvents(training: FollowUp): void {
  if (eventCount(training) > 0) return;
  throw new HafError(
    'HAF_SPLIT_INVALID',
    `None of ${counted(training.time.length, 'training patient')} of a fold has the event, so there is no hazard to learn.`,
    'Use fewer folds, or another event.',
  );
}
