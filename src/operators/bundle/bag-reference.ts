import type { Slot } from '../../pipeline/core/modality.js';
import { meanRow } from '../classic/bag-means.js';
import type { NamedArray } from '../tensor/safetensors.js';
import type { ScoringData } from './scoring-data.js';

/**
 * Mean and population standard deviation over the training patients of a patient's mean instance, `<modality>.mean` and
 * `<modality>.sd` (float32, [width]). Features of another encoder of equal width lie far away from them.
 */
export async function bagReference(
  slots: readonly Slot[],
  { bags, patients }: ScoringData,
): Promise<Record<string, NamedArray>> {
  const arrays: Record<string, NamedArray> = {};
  for (const { id, kind } of slots) {
    const source = kind === 'bag' ? bags([id]) : null;
    if (source === null) continue;
    const means: Float64Array[] = [];
    for (const patient of patients.keys())
      if (source.has(patient)) means.push(meanRow(await source.load(patient), source.width));
    const { mean, sd } = spreadOfRows(means, source.width);
    arrays[`${id}.mean`] = { shape: [source.width], data: Float32Array.from(mean) };
    arrays[`${id}.sd`] = { shape: [source.width], data: Float32Array.from(sd) };
  }
  return arrays;
}

function spreadOfRows(
  rows: readonly Float64Array[],
  width: number,
): { mean: Float64Array; sd: Float64Array } {
  const mean = new Float64Array(width);
  for (const row of rows) row.forEach((value, k) => (mean[k] = (mean[k] as number) + value / rows.length));
  const sd = new Float64Array(width);
  for (const row of rows)
    row.forEach((value, k) => (sd[k] = (sd[k] as number) + (value - (mean[k] as number)) ** 2 / rows.length));
  return { mean, sd: sd.map(Math.sqrt) };
}
