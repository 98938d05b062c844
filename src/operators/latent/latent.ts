import type { ModalityId } from '../../pipeline/core/modality.js';
import { latentFile } from '../stage2/alignment-data.js';
import { stageOf } from '../stage-of.js';
import { readFold } from '../tensor/fold-patients.js';
import { readSafetensors, type NamedArray } from '../tensor/safetensors.js';
import { latentMapFile, type LatentMap } from './latent-data.js';
import { similarityOf } from './similarity.js';
import { perplexityFor, tsne } from './tsne.js';

/** Latent vectors of the cohort under the initial and the trained phi, [n, M, D], and which of them exist, [n, M]. */
interface Latents {
  readonly before: Float32Array;
  readonly after: Float32Array;
  readonly mask: Uint8Array;
  readonly width: number;
}

/**
 * Maximum number of vectors of a map. Exact t-SNE compares each vector with every other: ten thousand vectors would
 * take hours and gigabytes. All test patients of HANCOCK with their seven modalities fit.
 */
const mostVectors = 1100;

/** A latent vector of the map: its patient, its modality, and its row among all vectors of the cohort, [n * M, D]. */
interface MapSlot {
  readonly patient: number;
  readonly modality: ModalityId;
  readonly slot: number;
}

/**
 * Maps the latent space of the test patients of a fold before and after alignment, computes how similar the modalities
 * of a patient are, and keeps the vectors of one patient (method.md 9.3, 9.4).
 *
 * @throws Error if the latent vectors do not belong to the cohort and modalities of the experiment
 */
export const latent = stageOf((context) => {
  const { unit, config, inputs } = context;
  const { modalities } = config;
  const { cohort, fold } = readFold(context);
  const latents = latentsOf(
    inputs.one('stage2').bytes(latentFile),
    cohort.patients.length,
    modalities.length,
  );
  const { mask } = latents;
  const slotsOf = (patients: readonly number[]): readonly MapSlot[] =>
    patients.flatMap((patient) =>
      modalities.flatMap((modality, m) => {
        const slot = patient * modalities.length + m;
        return mask[slot] === 1 ? [{ patient, modality, slot }] : [];
      }),
    );
  const shown = shownPatients(fold.test, slotsOf(fold.test).length);
  const slots = slotsOf(shown);
  const before = mapOf(latents.before, slots, latents.width);
  const after = mapOf(latents.after, slots, latents.width);
  const similarity = (vectors: Float32Array) => similarityOf(vectors, mask, modalities.length, fold.test);
  const result: LatentMap = {
    fold: unit.fold ?? 0,
    modalities: [...modalities],
    perplexity: perplexityFor(slots.length),
    ...(shown.length < fold.test.length ? { shown: shown.length, patients: fold.test.length } : {}),
    points: slots.map(({ patient, modality }, i) => {
      const { id, y } = cohort.patients[patient] as (typeof cohort.patients)[number];
      return { patient: id, modality, y, before: pointAt(before, i), after: pointAt(after, i) };
    }),
    similarity: { before: similarity(latents.before), after: similarity(latents.after) },
    example: exampleOf(latents, modalities, fold.test, (patient) => cohort.patients[patient]?.id ?? ''),
  };
  const { withinPatient } = result.similarity.after;
  return { type: 'output', files: { [latentMapFile]: result }, metrics: { withinPatient } };
});

/** The patients of the map: all of them, or as many as fit, at equal distances in the list. */
export function shownPatients(patients: readonly number[], vectors: number): readonly number[] {
  if (vectors <= mostVectors) return patients;
  const count = Math.max(1, Math.floor((patients.length * mostVectors) / vectors));
  return Array.from(
    { length: count },
    (_, i) => patients[Math.floor((i * patients.length) / count)] as number,
  );
}

function latentsOf(file: Uint8Array, patients: number, modalities: number): Latents {
  const { u, before, mask } = readSafetensors(file);
  const [, , width = 0] = u?.shape ?? [];
  const shape = [patients, modalities, width];
  const fits = (array: NamedArray | undefined, sides: readonly number[]): boolean =>
    array !== undefined &&
    sides.length === array.shape.length &&
    sides.every((side, i) => side === array.shape[i]);
  if (
    !(
      u?.data instanceof Float32Array &&
      before?.data instanceof Float32Array &&
      mask?.data instanceof Uint8Array
    ) ||
    !(fits(u, shape) && fits(before, shape) && fits(mask, shape.slice(0, 2)))
  )
    throw new Error(
      `${latentFile} does not hold latent vectors of ${patients} patients in ${modalities} modalities`,
    );
  return { after: u.data, before: before.data, mask: mask.data, width };
}

/** t-SNE of the latent vectors that `slots` selects, [n, 2]. */
function mapOf(vectors: Float32Array, slots: readonly MapSlot[], width: number): Float64Array {
  const points = new Float64Array(slots.length * width);
  slots.forEach(({ slot }, i) => points.set(vectors.subarray(slot * width, (slot + 1) * width), i * width));
  return tsne(points, width);
}

const pointAt = (map: Float64Array, i: number): [number, number] => [
  map[2 * i] as number,
  map[2 * i + 1] as number,
];

/** The vectors of the first patient among those with the most modalities. */
function exampleOf(
  { before, after, mask, width }: Latents,
  modalities: readonly ModalityId[],
  patients: readonly number[],
  idOf: (patient: number) => string,
): LatentMap['example'] {
  const count = (patient: number): number =>
    modalities.filter((_, m) => mask[patient * modalities.length + m] === 1).length;
  const [first, ...others] = patients;
  if (first === undefined) return null;
  const shown = others.reduce((best, patient) => (count(patient) > count(best) ? patient : best), first);
  const rowsOf = (vectors: Float32Array): (number[] | null)[] =>
    modalities.map((_, m) => {
      const slot = shown * modalities.length + m;
      return mask[slot] === 1 ? [...vectors.subarray(slot * width, (slot + 1) * width)] : null;
    });
  return { patient: idOf(shown), before: rowsOf(before), after: rowsOf(after) };
}
