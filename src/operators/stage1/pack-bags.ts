import type { Rng } from '../../pipeline/core/rng.js';
import type { BagSource } from './bag-source.js';
import { packRuns, type PackedBags } from './packed-bags.js';

/** Which instances of a bag are used: positions in ascending order, or all. */
type Selection = readonly number[] | null;

/** A seeded uniform subsample without replacement of a bag that is larger than `most` (method.md 2.5). */
export function subsample(rows: number, most: number | null, rng: Rng): Selection {
  if (most === null || rows <= most) return null;
  // Partial Fisher-Yates: only the places it touches are written down.
  const moved = new Map<number, number>();
  const chosen = Array.from({ length: most }, (_, i) => {
    const j = i + rng.int(rows - i);
    const picked = moved.get(j) ?? j;
    moved.set(j, moved.get(i) ?? i);
    return picked;
  });
  return chosen.sort((a, b) => a - b);
}

/** Lays the bags of patients end to end, a pack at a time; the rows of a pack are valid until the next one. */
export class BagPacker {
  private scratch = new Float32Array();

  constructor(
    private readonly source: BagSource,
    private readonly labels: readonly (0 | 1)[],
  ) {}

  /**
   * @param select which instances of a patient to use; called once per bag, in order
   */
  *packs(
    patients: readonly number[],
    select: (rows: number) => Selection = () => null,
  ): Generator<{ readonly patients: readonly number[]; readonly pack: PackedBags }> {
    const selections = patients.map((patient) => select(this.source.rows(patient)));
    const sizes = patients.map((patient, i) => selections[i]?.length ?? this.source.rows(patient));
    for (const [from, to] of packRuns(sizes)) {
      const members = patients.slice(from, to);
      const offsets = [0];
      for (const size of sizes.slice(from, to)) offsets.push((offsets.at(-1) ?? 0) + size);
      const rows = this.rowsOf(members, selections.slice(from, to), offsets.at(-1) ?? 0);
      const labels = members.map((patient) => this.labels[patient] as 0 | 1);
      yield { patients: members, pack: { rows, width: this.source.width, offsets, labels } };
    }
  }

  private rowsOf(patients: readonly number[], selections: readonly Selection[], rows: number): Float32Array {
    const [only] = patients;
    // A bag alone is used where it lies: a large one must not exist twice.
    if (patients.length === 1 && only !== undefined && selections[0] === null) return this.source.load(only);
    const { width } = this.source;
    if (this.scratch.length < rows * width) this.scratch = new Float32Array(rows * width);
    let at = 0;
    patients.forEach((patient, i) => {
      const bag = this.source.load(patient);
      const selection = selections[i] ?? null;
      if (selection === null) {
        this.scratch.set(bag, at);
        at += bag.length;
        return;
      }
      for (const row of selection) {
        this.scratch.set(bag.subarray(row * width, (row + 1) * width), at);
        at += width;
      }
    });
    return this.scratch;
  }
}
