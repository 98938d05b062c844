import * as tf from '@tensorflow/tfjs-core';
import type { Rng } from '../../pipeline/core/rng.js';
import type { Target } from '../criteria/criterion.js';
import type { BagSource } from './bag-source.js';
import type { DevicePlace } from './device-room.js';
import { packRows, packRuns, type PackedBags, type RowArray } from './packed-bags.js';

/** Positions of the used instances of a bag, ascending. Null: all instances. */
type Selection = readonly number[] | null;

/** A seeded uniform subsample without replacement of a bag that is larger than `most` (method.md 2.5). */
export function subsample(rows: number, most: number | null, rng: Rng): Selection {
  if (most === null || rows <= most) return null;
  // Partial Fisher-Yates shuffle. The map holds only the swapped positions, not the whole bag.
  const moved = new Map<number, number>();
  const chosen = Array.from({ length: most }, (_, i) => {
    const j = i + rng.int(rows - i);
    const picked = moved.get(j) ?? j;
    moved.set(j, moved.get(i) ?? i);
    return picked;
  });
  return chosen.sort((a, b) => a - b);
}

type Device = Pick<DevicePlace, 'bags' | 'packRows' | 'withRoom'>;

/**
 * Concatenates the bags of patients into packs, one pack at a time. The rows of a pack are valid until the next one.
 * The bags of the next pack are prefetched during the computation. If a device is given, it caches bags in its memory,
 * and the packs are concatenated there.
 */
export class BagPacker {
  private scratch = new Float32Array();

  constructor(
    private readonly source: BagSource,
    private readonly targets: readonly Target[],
    private readonly device: Device | null = null,
  ) {}

  /** @param select chooses the instances of a patient. It is called once per bag, in the order of the patients */
  async *packs(
    patients: readonly number[],
    select: (rows: number) => Selection = () => null,
  ): AsyncGenerator<{ readonly patients: readonly number[]; readonly pack: PackedBags }> {
    const selections = patients.map((patient) => select(this.source.rows(patient)));
    const sizes = patients.map((patient, i) => selections[i]?.length ?? this.source.rows(patient));
    const runs = packRuns(sizes, this.device?.packRows ?? packRows);
    for (const [index, [from, to]] of runs.entries()) {
      const members = patients.slice(from, to);
      const offsets = [0];
      for (const size of sizes.slice(from, to)) offsets.push((offsets.at(-1) ?? 0) + size);
      const rows = await this.rowsOf(members, selections.slice(from, to), offsets.at(-1) ?? 0);
      const targets = members.map((patient) => this.targets[patient] as Target);
      this.prefetch(patients.slice(...(runs[index + 1] ?? [to, to])));
      try {
        yield { patients: members, pack: { rows, width: this.source.width, offsets, targets } };
      } finally {
        if (!(rows instanceof Float32Array)) rows.dispose();
      }
    }
  }

  /** One pack of patients. The caller has checked that their bags fit into it. */
  async onePack(patients: readonly number[], select: (rows: number) => Selection): Promise<PackedBags> {
    for await (const { patients: members, pack } of this.packs(patients, select))
      if (members.length === patients.length) return pack;
    throw new Error('The bags are more than one pack');
  }

  private prefetch(patients: readonly number[]): void {
    const { source, device } = this;
    source.prefetch(patients.filter((patient) => !device?.bags.has(source.keyOf(patient))));
  }

  private async rowsOf(
    patients: readonly number[],
    selections: readonly Selection[],
    rows: number,
  ): Promise<RowArray> {
    const { source, device } = this;
    if (device !== null && rows <= device.packRows) {
      this.prefetch(patients);
      return device.withRoom(() => this.onDevice(device.bags, patients, selections));
    }
    const [only] = patients;
    // A single bag is used without a copy, because a large bag must not be in memory twice.
    if (patients.length === 1 && only !== undefined && selections[0] === null) return source.load(only);
    const { width } = source;
    if (this.scratch.length < rows * width) this.scratch = new Float32Array(rows * width);
    this.prefetch(patients);
    const bags = new Map<number, Float32Array>();
    for (const patient of new Set(patients)) bags.set(patient, await source.load(patient));
    let at = 0;
    patients.forEach((patient, i) => {
      const bag = bags.get(patient) as Float32Array;
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

  private async onDevice(
    kept: DevicePlace['bags'],
    patients: readonly number[],
    selections: readonly Selection[],
  ): Promise<tf.Tensor2D> {
    const { source } = this;
    const parts: tf.Tensor2D[] = [];
    try {
      for (const [i, patient] of patients.entries()) {
        const key = source.keyOf(patient);
        const bag = kept.get(key) ?? kept.put(key, await source.load(patient), source.width);
        if (kept.has(key)) source.forget(patient);
        parts.push(bag);
        const selection = selections[i] ?? null;
        if (selection === null) continue;
        parts[i] = tf.gather(bag, [...selection]);
        bag.dispose();
      }
      const [only, ...others] = parts;
      return only !== undefined && others.length === 0 ? only.clone() : tf.concat2d(parts, 0);
    } finally {
      tf.dispose(parts);
    }
  }
}
