import type { Rng } from '../../pipeline/core/rng.js';

/**
 * The distribution of invented instances: they lie around one centre per kind of tissue, and the risk shifts them along
 * one direction.
 */
export interface FeatureSpace {
  readonly width: number;
  readonly centres: readonly Float32Array[];
  /** Unit vector along which key instances are moved. */
  readonly direction: Float32Array;
}

/** Standard deviation of each coordinate of the centres of the kinds of tissue. */
const centreSpread = 0.3;
/** Standard deviation of each coordinate of an instance around the centre of its kind. */
const instanceSpread = 0.4;
/** Fraction of a bag's instances that show the risk (key instances). A model has to find them. */
const keyShare = 0.25;
/**
 * Distance by which a key instance is moved per unit of the risk that the modality shows. A low risk is negative and
 * moves the instance in the opposite direction.
 */
const keyShift = 5;

const normals = (length: number, scale: number, random: Rng): Float32Array =>
  Float32Array.from({ length }, () => scale * random.normal());

export function drawSpace(width: number, kinds: number, random: Rng): FeatureSpace {
  const centres = Array.from({ length: kinds }, () => normals(width, centreSpread, random));
  const raw = normals(width, 1, random);
  const length = Math.hypot(...raw);
  return { width, centres, direction: raw.map((value) => value / length) };
}

/**
 * Instances [kinds.length, width] of one patient, one for each given kind of tissue. Key instances are chosen at random
 * among those whose kind satisfies `mayBeKey`: a quarter of all instances, at least one. They are moved along the risk
 * direction in proportion to `view`, the risk that the modality shows.
 */
export function drawInstances(
  space: FeatureSpace,
  kinds: readonly number[],
  mayBeKey: (kind: number) => boolean,
  view: number,
  random: Rng,
): Float32Array {
  const { width, centres, direction } = space;
  const candidates = random.shuffle(kinds.flatMap((kind, row) => (mayBeKey(kind) ? [row] : [])));
  const keys = new Set(candidates.slice(0, Math.max(1, Math.round(keyShare * kinds.length))));
  const values = new Float32Array(kinds.length * width);
  kinds.forEach((kind, row) => {
    const centre = centres[kind] ?? new Float32Array(width);
    const shift = keys.has(row) ? keyShift * view : 0;
    for (let i = 0; i < width; i++)
      values[row * width + i] =
        (centre[i] ?? 0) + instanceSpread * random.normal() + shift * (direction[i] ?? 0);
  });
  return values;
}
