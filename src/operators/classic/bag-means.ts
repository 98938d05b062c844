import type { Artifact } from '../../pipeline/stage.js';
import type { Cohort } from '../cohort/cohort-data.js';
import { BagSource } from '../stage1/bag-source.js';
import type { BagMeans } from './patient-inputs.js';

/** The mean instance of each patient's bag. At most one bag is in memory. */
export function bagMeansOf(
  cohort: Cohort,
  modality: string,
  features: readonly Artifact[],
): Promise<BagMeans> {
  const source = new BagSource(cohort, modality, features, 0);
  return bagMeans(
    source,
    modality,
    cohort.patients.map(({ id }) => id),
  );
}

/** The mean instances of the patients of a `BagSource`, by patient id. */
export async function bagMeans(
  source: BagSource,
  modality: string,
  patients: readonly string[],
): Promise<BagMeans> {
  const means = new Map<string, Float64Array>();
  for (const [patient, id] of patients.entries())
    if (source.has(patient)) means.set(id, meanRow(await source.load(patient), source.width));
  return { modality, width: source.width, means };
}

/** The mean of the instances of a bag. @param rows the instances, [n, width] */
export function meanRow(rows: Float32Array, width: number): Float64Array {
  const mean = new Float64Array(width);
  for (let at = 0; at < rows.length; at++)
    mean[at % width] = (mean[at % width] as number) + (rows[at] as number);
  return mean.map((sum) => sum / (rows.length / width));
}
