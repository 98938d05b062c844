import { readSafetensors, writeSafetensors, type NamedArray } from '../tensor/safetensors.js';
import type { ModalityId } from '../../pipeline/core/modality.js';

/** Mean and squared deviations of the patients' mean instances in one modality. */
export interface InstanceSpread {
  readonly patients: number;
  readonly mean: Float64Array;
  /** Sum of squared deviations from the mean, per dimension. */
  readonly squares: Float64Array;
}

/** Collects the mean instances of patients, one after another (Welford's algorithm). */
export class SpreadCollector {
  private readonly found = new Map<
    ModalityId,
    { patients: number; readonly mean: Float64Array; readonly squares: Float64Array }
  >();

  add(modality: ModalityId, instance: Float64Array): void {
    const own = this.found.get(modality) ?? {
      ...{ patients: 0, mean: new Float64Array(instance.length) },
      squares: new Float64Array(instance.length),
    };
    own.patients++;
    instance.forEach((value, k) => {
      const before = value - (own.mean[k] as number);
      own.mean[k] = (own.mean[k] as number) + before / own.patients;
      own.squares[k] = (own.squares[k] as number) + before * (value - own.mean[k]);
    });
    this.found.set(modality, own);
  }

  /** Mean and squared deviations of the patients that were added so far. Null if none of them has the modality. */
  of(modality: ModalityId): InstanceSpread | null {
    return this.found.get(modality) ?? null;
  }

  /**
   * Mean and squared deviations of all modalities as a safetensors file: `<modality>.patients`, `<modality>.mean` and
   * `<modality>.squares`, float64.
   */
  bytes(): Uint8Array {
    const arrays: Record<string, NamedArray> = {};
    for (const [id, { patients, mean, squares }] of this.found) {
      arrays[`${id}.patients`] = { shape: [1], data: Float64Array.of(patients) };
      arrays[`${id}.mean`] = { shape: [mean.length], data: mean };
      arrays[`${id}.squares`] = { shape: [squares.length], data: squares };
    }
    return writeSafetensors(arrays);
  }
}

/**
 * Reads mean and squared deviations of a modality from a file of `SpreadCollector`. Null if the file does not have the
 * modality.
 */
export function readSpread(file: Uint8Array, modality: ModalityId): InstanceSpread | null {
  const arrays = readSafetensors(file);
  const [patients, mean, squares] = ['patients', 'mean', 'squares'].map(
    (name) => arrays[`${modality}.${name}`]?.data,
  );
  if (patients === undefined || mean === undefined || squares === undefined) return null;
  return {
    patients: patients[0] as number,
    mean: Float64Array.from(mean),
    squares: Float64Array.from(squares),
  };
}

/**
 * Combines mean and squared deviations of several groups of patients (Chan, Golub and LeVeque 1979). Null if there are
 * no groups.
 */
export function joinSpreads(parts: readonly InstanceSpread[]): InstanceSpread | null {
  const [first, ...others] = parts;
  if (first === undefined) return null;
  return others.reduce((a, b) => {
    const patients = a.patients + b.patients;
    const apart = a.mean.map((mean, k) => (b.mean[k] as number) - mean);
    return {
      patients,
      mean: a.mean.map((mean, k) => mean + ((apart[k] as number) * b.patients) / patients),
      squares: a.squares.map(
        (sum, k) =>
          sum + (b.squares[k] as number) + ((apart[k] as number) ** 2 * a.patients * b.patients) / patients,
      ),
    };
  }, first);
}
