import type { Slot } from '../../pipeline/core/modality.js';
import { meanRow } from '../classic/bag-means.js';
import type { NamedArray } from '../tensor/safetensors.js';
import { SpreadCollector } from './bag-spread.js';
import type { ScoringData } from './scoring-data.js';

/**
 * Mean and population standard deviation, over the patients of the cohort, of their mean instances: `<modality>.mean`
 * and `<modality>.sd` (float32, [width]). Instances of another encoder differ strongly from these values, even if their
 * width is equal.
 */
export async function bagReference(
  slots: readonly Slot[],
  { bags, patients }: ScoringData,
): Promise<Record<string, NamedArray>> {
  const arrays: Record<string, NamedArray> = {};
  for (const { id, kind } of slots) {
    const source = kind === 'bag' ? bags([id]) : null;
    if (source === null) continue;
    const spread = new SpreadCollector();
    for (const patient of patients.keys())
      if (source.has(patient)) spread.add(id, meanRow(await source.load(patient), source.width));
    const found = spread.of(id);
    if (found === null) continue;
    const sd = found.squares.map((sum) => Math.sqrt(sum / found.patients));
    arrays[`${id}.mean`] = { shape: [source.width], data: Float32Array.from(found.mean) };
    arrays[`${id}.sd`] = { shape: [source.width], data: Float32Array.from(sd) };
  }
  return arrays;
}
