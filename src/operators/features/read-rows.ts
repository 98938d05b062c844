import { foreign } from './foreign.js';
import type { MemoryBudget } from './memory-budget.js';
import { storedRows, shapeText, squeezed, type StoredArray } from './stored-array.js';

/**
 * The instances of an array as float32 [rows, width] (shapes: `rowsOf`).
 * @throws HafError `HAF_FEATURES_INVALID` for another shape, width or number type, for more than the budget, or for data that cannot
 * be read
 */
export function readRows(array: StoredArray, width: number, budget: MemoryBudget): Float32Array {
  const { name, shape, type, float } = array;
  const columns = shape.at(-1) ?? 0;
  const rows = storedRows(shape, width);
  if (rows === null && squeezed(shape).length === 2)
    throw foreign(
      `dataset "${name}" has rows of ${columns} values, ${width} expected`,
      `Set the width of this modality to ${columns} if all its files are like this, or extract the features again.`,
      name,
    );
  if (rows === null)
    throw foreign(
      `dataset "${name}" has the shape ${shapeText(shape)}; [rows, ${width}] is expected`,
      'Write one row per tile.',
      name,
    );
  if (!float)
    throw foreign(
      `dataset "${name}" holds ${type}, no floating-point values`,
      'Point data.*.files at feature files, or convert it to float32.',
      name,
    );
  if (rows === 0) return new Float32Array(0);
  budget.take(shape, name);
  return array.read();
}
