import { HafError } from '../../pipeline/core/errors.js';
import { featureReaderOf } from '../features/reader-of.js';
import { defaultLimits } from '../features/reading-limits.js';
import { featureShapes } from '../features/reading-thread.js';
import { coordsName, featureNames, squeezed, type ArrayShape } from '../features/stored-array.js';

/** The length of an instance in a feature file, or why the file holds no instances. */
export type FoundWidth = { readonly width: number; readonly shape: string } | { readonly problem: string };

/** Examines the shapes in one feature file. If the file has no features, the result says why. This is not an error. */
export async function widthOf(path: string, name: string): Promise<FoundWidth> {
  try {
    return widthAmong(await featureShapes({ path, name }, defaultLimits));
  } catch (error) {
    if (error instanceof HafError) return { problem: error.what };
    if (error instanceof Error && 'code' in error) return { problem: error.message };
    throw error;
  }
}

/** The last dimension of the array called `features` or `feats`, or of the first array that can hold instances. */
export function widthAmong(arrays: readonly ArrayShape[]): FoundWidth {
  const named = arrays.filter(({ name }) => featureNames.includes(name));
  const [first] = (named.length > 0 ? named : arrays).filter(
    ({ name, shape, float }) => float && name !== coordsName && [1, 2].includes(squeezed(shape).length),
  );
  const width = first?.shape.at(-1) ?? 0;
  if (first === undefined || width < 2) {
    const there = arrays.slice(0, 5).map(text).join(', ');
    return { problem: `it holds no features${there === '' ? '' : `; found: ${there}`}` };
  }
  return { width, shape: text(first) };
}

const text = ({ name, shape }: ArrayShape): string => `${name} [${shape.join(', ')}]`;

/** The names of the arrays in a file that may hold bags of several patients. Null for a file of one bag. */
export function keysOf(path: string, name: string): readonly string[] | null {
  try {
    const keys = featureReaderOf({ path, name }).keys?.(path) ?? null;
    const one = keys === null || keys.length === 1 || keys.some((key) => featureNames.includes(key));
    return one ? null : keys;
  } catch {
    // A file that cannot be read is ignored here. The job that reads it reports why.
    return null;
  }
}
