import { foreign } from './foreign.js';

/** One array of a feature file of any format. Its numbers are read on demand. */
export interface StoredArray {
  /** Name of the array in messages: the name of its HDF5 dataset, key or tensor in the file. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Number type in the notation of the file, such as "float16" or "<i8". */
  readonly type: string;
  /** Whether its numbers are floating-point. */
  readonly float: boolean;
  /**
   * All numbers in C order.
   * @throws HafError `HAF_FEATURES_INVALID` if they cannot be read
   */
  read(): Float32Array;
}

/** What is known about an array before its numbers are read. */
export type ArrayShape = Pick<StoredArray, 'name' | 'shape' | 'float'>;
export const shapeOf = ({ name, shape, float }: StoredArray): ArrayShape => ({ name, shape, float });

/** Number of arrays that are examined in a file with one array per patient. */
export const arraysLookedAt = 5;

/** An array of which only the name is known until it is opened. */
export interface UnopenedArray {
  readonly name: string;
  open(): StoredArray;
}

export const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** Names that tools give to the array of instances. */
export const featureNames: readonly string[] = ['features', 'feats'];
export const coordsName = 'coords';

/** Maximum number of arrays of a file that the error about missing features lists. */
const shown = 12;

/** The error of a file in which no array can be identified as the features. */
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

/**
 * Number of instances in an array, where w is the width of an instance. Shapes: [n, w], [1, n, w] (a batch of one) and
 * [w] (a single vector). Null for any other shape.
 */
export function storedRows(shape: readonly number[], width: number): number | null {
  const sides = squeezed(shape);
  const [first = 0, second] = sides;
  if (sides.length === 1) return first === 0 ? 0 : first === width ? 1 : null;
  if (sides.length !== 2) return null;
  // An array without rows holds no vector of an encoder, so its width is not compared.
  return first === 0 || second === width ? first : null;
}

/**
 * The array that holds the instances: by name, or the only array with floating-point rows of the wanted width.
 * @throws HafError `HAF_FEATURES_INVALID` listing the arrays of the file
 */
export function featuresAmong(arrays: readonly StoredArray[], width: number): StoredArray {
  const named = featureNames.flatMap((name) => arrays.find((array) => array.name === name) ?? []);
  if (named[0]) return named[0];
  const fitting = arrays.filter(
    ({ float, shape, name }) => float && name !== coordsName && storedRows(shape, width) !== null,
  );
  if (fitting.length !== 1 || !fitting[0]) throw noFeatures(arrays, width);
  return fitting[0];
}
