import { foreign } from './foreign.js';

/** One array of a feature file, whatever the file's format. Its numbers are read when they are asked for. */
export interface StoredArray {
  /** Dataset, key or tensor; how messages call it. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Number type in the words of the file, such as "float16" or "<i8". */
  readonly type: string;
  /** Whether its numbers are floating-point. */
  readonly float: boolean;
  /** All numbers in C order. @throws HafError `HAF_FEATURES_INVALID` when they cannot be read */
  read(): Float32Array;
}

/** What a file says of an array before any of its numbers is read. */
export type ArrayShape = Pick<StoredArray, 'name' | 'shape' | 'float'>;
export const shapeOf = ({ name, shape, float }: StoredArray): ArrayShape => ({ name, shape, float });

/** Of a file with an array per patient, so many are looked at. */
export const arraysLookedAt = 5;

/** An array that is known by its name only until it is opened. */
export interface UnopenedArray {
  readonly name: string;
  open(): StoredArray;
}

export const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** Names under which tools write instances, and their corners. */
export const featureNames: readonly string[] = ['features', 'feats'];
export const coordsName = 'coords';

/** Arrays shown when the wanted one is missing. */
const shown = 12;

/** The error of a file in which no array can be told to be the features. */
export function noFeatures(arrays: readonly StoredArray[], width: number): Error {
  const more = arrays.length > shown ? ` and ${arrays.length - shown} more` : '';
  const list = arrays.slice(0, shown).map(({ name, shape, type }) => `${name} ${shapeText(shape)} ${type}`);
  const there = list.length === 0 ? 'none' : list.join(', ') + more;
  const wanted = featureNames.map((name) => `"${name}"`).join(' or ');
  return foreign(
    `it has no dataset ${wanted}, nor a single other one of the shape [rows, ${width}]; found: ${there}`,
    'Point data.*.files at feature files (a coordinates file of CLAM holds no features), set the width, or rename the dataset.',
    featureNames[0],
  );
}

/** A shape without a leading batch dimension of one. */
export const squeezed = (shape: readonly number[]): readonly number[] =>
  shape.length === 3 && shape[0] === 1 ? shape.slice(1) : shape;

/** Rows of instances: [n, w], a batch of one [1, n, w], or a single vector [w]; null for any other shape. */
export function rowsOf(shape: readonly number[], width: number): number | null {
  const sides = squeezed(shape);
  const [first = 0, second] = sides;
  if (sides.length === 1) return first === 0 ? 0 : first === width ? 1 : null;
  if (sides.length !== 2) return null;
  // An empty slide says nothing about the encoder, so its width is not compared.
  return first === 0 || second === width ? first : null;
}

/**
 * The array that holds the instances: by name, or the only one of floating-point rows of the wanted width.
 * @throws HafError `HAF_FEATURES_INVALID` listing what there is
 */
export function featuresAmong(arrays: readonly StoredArray[], width: number): StoredArray {
  const named = featureNames.flatMap((name) => arrays.find((array) => array.name === name) ?? []);
  if (named[0]) return named[0];
  const fitting = arrays.filter(
    ({ float, shape, name }) => float && name !== coordsName && rowsOf(shape, width) !== null,
  );
  if (fitting.length !== 1 || !fitting[0]) throw noFeatures(arrays, width);
  return fitting[0];
}
