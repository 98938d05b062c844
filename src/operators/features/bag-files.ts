import { createHash } from 'node:crypto';
import {
  bagCoordsFile,
  bagIndexFile,
  featuresFiles,
  type BagIndex,
  type IndexedBag,
  type Precision,
} from './bag-index.js';
import type { FeatureBag, FeatureContent, Rejected } from './feature-reader.js';
import { floatsToHalves, halfOverflow } from './half-float.js';
import { bytesOf } from './stored-bag.js';

type Bags = readonly FeatureBag[];

function indexOf(
  { dialect, encoder, says = [], bags }: FeatureContent,
  width: number,
  precision: Precision,
): BagIndex {
  let start = 0;
  return {
    dialect,
    encoder,
    precision,
    width,
    ...(says.length === 0 ? {} : { says: [...says] }),
    bags: bags.map(({ patient, source, image, values, coords, mpp }) => {
      const rows = values.length / width;
      const meaning = coords === null ? null : { unit: coords.unit, side: coords.side };
      const bag = { patient, source, image, start, rows, coords: meaning, mpp, ...digestOf(values) };
      start += rows;
      return bag;
    }),
  };
}

/**
 * A hash of the content of a bag, by which `bags` finds copies of a bag. A bag of zeros gets no hash, because two bags
 * of zeros are equal although neither is a copy.
 */
const digestOf = (values: Float32Array): Pick<IndexedBag, 'digest'> =>
  values.every((value) => value === 0)
    ? {}
    : { digest: createHash('sha256').update(bytesOf(values)).digest('hex').slice(0, 32) };

const valuesOf = (bags: Bags): number => bags.reduce((sum, { values }) => sum + values.length, 0);

/** The values of all bags, concatenated. A single bag is returned without a copy. */
function joined(bags: Bags): Uint8Array {
  const [only, ...others] = bags;
  if (only && others.length === 0) return bytesOf(only.values);
  const all = new Float32Array(valuesOf(bags));
  let at = 0;
  for (const { values } of bags) {
    all.set(values, at);
    at += values.length;
  }
  return bytesOf(all);
}

function joinedHalves(bags: Bags): Uint8Array {
  const all = new Uint16Array(valuesOf(bags));
  let at = 0;
  for (const { values } of bags) {
    floatsToHalves(values, all.subarray(at, at + values.length));
    at += values.length;
  }
  return bytesOf(all);
}

/** Coordinates of all rows. NaN for the rows of a bag without coordinates. Null if no bag has any. */
function joinedCoords(bags: Bags, width: number): Uint8Array | null {
  if (bags.every(({ coords }) => coords === null)) return null;
  const all = new Float32Array((2 * valuesOf(bags)) / width).fill(NaN);
  let at = 0;
  for (const { coords, values } of bags) {
    if (coords !== null) all.set(coords.values, at);
    at += (2 * values.length) / width;
  }
  return bytesOf(all);
}

/**
 * The files of an `embed` artifact (bag-index.ts): `bags.json`, the instances as raw little-endian numbers in
 * `features.f32` or `features.f16`, and `coords.f32` when a bag has coordinates.
 */
export function bagFiles(
  content: FeatureContent,
  width: number,
  precision: Precision,
): Readonly<Record<string, Uint8Array | object>> {
  const { bags } = content;
  const coords = joinedCoords(bags, width);
  return {
    [bagIndexFile]: indexOf(content, width, precision),
    [featuresFiles[precision]]: precision === 'float32' ? joined(bags) : joinedHalves(bags),
    ...(coords === null ? {} : { [bagCoordsFile]: coords }),
  };
}

/** The content without bags whose values would become infinite in this precision. Those bags are listed as failures. */
export function storable(content: FeatureContent, precision: Precision): FeatureContent {
  if (precision === 'float32') return content;
  const tooLarge = ({ values }: FeatureBag): boolean =>
    values.some((value) => Math.abs(value) >= halfOverflow);
  const bags = content.bags.filter((bag) => !tooLarge(bag));
  const rejected = content.bags
    .filter((bag) => !bags.includes(bag))
    .map(({ patient, place }): Rejected => ({
      severity: 'failure',
      patient,
      place,
      reason: 'it has values beyond 65504, the largest that float16 holds',
      fix: 'Set embed.precision: float32.',
    }));
  return { ...content, bags, rejected: [...content.rejected, ...rejected] };
}
