import { checkRisks } from './check-risks.js';
import type { FollowUp } from './follow-up.js';

/** Risks that differ by at most this count as equal. */
export const riskTolerance = 1e-8;

/** Numbers of comparable pairs of patients by the order of their risks. With weights they need not be integers. */
export interface PairCounts {
  readonly concordant: number;
  readonly discordant: number;
  readonly tied: number;
}

/** Weights of the patients when pairs are counted. Both weights default to 1 for every patient. */
export interface PairWeights {
  /**
   * Number of times that a patient counts. A pair counts as often as the product of the numbers of its two patients.
   */
  readonly times?: ArrayLike<number>;
  /** A factor on the count of the pairs in which this patient is the one with the event. */
  readonly ofEvent?: ArrayLike<number>;
}

/**
 * Counts comparable pairs (i, j): i has the event, and T_i < T_j, or T_i = T_j and j is censored. A pair is concordant
 * if r_i > r_j. Sorting is done once, so that many weighted counts of the same patients are cheap: each takes about n
 * log n steps.
 */
export class PairCounter {
  /** Patients by descending time. At equal times, patients with the event come last. */
  readonly #order: Int32Array;
  /** Whether the patient at this position has the event, and is the first with the event at its time. */
  readonly #startsEvents: Uint8Array;
  readonly #event: Uint8Array;
  /** The position of a patient's risk in the sorted risks, and the positions [from, to) of risks equal to it. */
  readonly #rank: Int32Array;
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  /** Binary indexed tree of the patients counted so far, by the position of their risk. */
  readonly #tree: Float64Array;

  /** @throws RangeError if a risk is not finite, or the number of risks is not the number of patients */
  constructor({ time, event }: FollowUp, risks: ArrayLike<number>) {
    checkRisks(risks, time.length);
    const patients = time.length;
    this.#event = event;
    this.#order = positions(patients).sort(
      (a, b) =>
        (time[b] as number) - (time[a] as number) || (event[a] as number) - (event[b] as number) || a - b,
    );
    this.#startsEvents = Uint8Array.from(this.#order, (i, at) => {
      const before = this.#order[at - 1];
      return event[i] === 1 && (before === undefined || event[before] === 0 || time[before] !== time[i])
        ? 1
        : 0;
    });
    const byRisk = positions(patients).sort((a, b) => (risks[a] as number) - (risks[b] as number) || a - b);
    this.#rank = new Int32Array(patients);
    this.#from = new Int32Array(patients);
    this.#to = new Int32Array(patients);
    for (let place = 0, from = 0, to = 0; place < patients; place++) {
      const i = byRisk[place] as number;
      const risk = risks[i] as number;
      while (risk - (risks[byRisk[from] as number] as number) > riskTolerance) from++;
      while (to < patients && (risks[byRisk[to] as number] as number) - risk <= riskTolerance) to++;
      this.#rank[i] = place;
      this.#from[i] = from;
      this.#to[i] = to;
    }
    this.#tree = new Float64Array(patients + 1);
  }

  count({ times, ofEvent }: PairWeights = {}): PairCounts {
    const order = this.#order;
    this.#tree.fill(0);
    let [concordant, discordant, tied, later] = [0, 0, 0, 0];
    for (let at = 0, waiting = 0; at < order.length; at++) {
      const i = order[at] as number;
      const copies = times === undefined ? 1 : (times[i] as number);
      if (this.#event[i] === 0 || this.#startsEvents[at] === 1) {
        // Two events at the same time are not a comparable pair. So the events of one time are added to the tree only
        // after all of them have been counted.
        for (; waiting > 0; waiting--) later += this.#add(order[at - waiting] as number, times);
      }
      if (this.#event[i] === 0) {
        later += this.#add(i, times);
        continue;
      }
      waiting++;
      const weight = copies * (ofEvent === undefined ? 1 : (ofEvent[i] as number));
      if (weight === 0) continue;
      const below = this.#sumBefore(this.#from[i] as number);
      const upTo = this.#sumBefore(this.#to[i] as number);
      concordant += weight * below;
      tied += weight * (upTo - below);
      discordant += weight * (later - upTo);
    }
    return { concordant, discordant, tied };
  }

  #add(i: number, times: ArrayLike<number> | undefined): number {
    const copies = times === undefined ? 1 : (times[i] as number);
    const tree = this.#tree;
    for (let node = (this.#rank[i] as number) + 1; node < tree.length; node += node & -node)
      tree[node] = (tree[node] as number) + copies;
    return copies;
  }

  #sumBefore(place: number): number {
    const tree = this.#tree;
    let sum = 0;
    for (let node = place; node > 0; node -= node & -node) sum += tree[node] as number;
    return sum;
  }
}

const positions = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i);
