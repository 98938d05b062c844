import { availableParallelism } from 'node:os';
import { HafError } from '../../pipeline/core/errors.js';
import { usableMemory } from '../../pipeline/core/memory.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Artifact } from '../../pipeline/stage.js';
import type { Cohort, Segment } from '../cohort/cohort-data.js';
import { featuresFiles, type Precision } from '../features/bag-index.js';
import { readStoredRows } from '../features/stored-bag.js';

/**
 * Bytes of bags that a job caches in memory. Other bags are read again each time. The budget is a quarter of the job's share of
 * the machine's memory. The share is the trainer's share of the cores (HAF_THREADS), divided by its concurrent jobs (HAF_JOBS).
 */
export function residentBytes(): number {
  const cores = availableParallelism();
  const jobs = Number(process.env['HAF_JOBS'] ?? '') || 1;
  const share = Math.min(1, (Number(process.env['HAF_THREADS'] ?? '') || cores) / cores) / jobs;
  return Math.max(512 * 2 ** 20, (usableMemory() * share) / 4);
}

/** A segment, with the number format of its file. */
interface StoredSegment extends Segment {
  readonly precision: Precision;
}

/**
 * The bags of one modality, or the unions of a patient's bags of several modalities, read by row range from the feature files.
 * Bags are cached in the order of their first use until the budget is spent. Nothing is evicted: an epoch visits all bags, so
 * an eviction would only cause more reads.
 */
export class BagSource {
  /** Length of one instance. */
  readonly width: number;
  private readonly resident = new Map<number, Float32Array>();
  /** The segments of the bag of each patient, by position of the patient in the cohort. */
  private readonly bags: readonly (readonly StoredSegment[])[];
  private readonly paths = new Map<string, string>();
  /** Reads of bags that `prefetch` has begun and `load` has not used yet, by position of the patient. */
  private readonly pending = new Map<number, Promise<Float32Array>>();
  private bytesLeft: number;

  /**
   * @param of a modality, or a list of modalities whose bags are concatenated in the order of the list. If a patient
   * lacks some of the modalities, only the bags of the other modalities are concatenated
   * @param features `embed` artifacts of these modalities
   * @throws HafError HAF_COHORT_INVALID if the cohort has no such modality, or if the instances of several modalities
   * differ in length
   */
  constructor(
    cohort: Cohort,
    of: ModalityId | readonly ModalityId[],
    private readonly features: readonly Artifact[],
    budget = residentBytes(),
  ) {
    const stored = (typeof of === 'string' ? [of] : of).map((modality) => storageOf(cohort, modality));
    this.width = commonWidth(stored);
    this.bytesLeft = budget;
    this.bags = cohort.patients.map(({ bags }) =>
      stored.flatMap(({ modality, precision }) =>
        (bags[modality] ?? []).map((segment) => ({ ...segment, precision })),
      ),
    );
  }

  has(patient: number): boolean {
    return this.segments(patient).length > 0;
  }

  /** Number of instances of a patient; 0 for a patient without the modality. */
  rows(patient: number): number {
    return this.segments(patient).reduce((sum, { rows }) => sum + rows, 0);
  }

  /** Name of the set of artifacts that hold the bags. */
  get name(): string {
    return this.features.map(({ id }) => id).join();
  }

  /** Identity of the content of a bag: bags with equal keys are equal. */
  keyOf(patient: number): string {
    return JSON.stringify(this.segments(patient).map(({ artifact, start, rows }) => [artifact, start, rows]));
  }

  /** Removes a bag from the cache, because another place (the device) holds it now. */
  forget(patient: number): void {
    this.bytesLeft += this.resident.get(patient)?.byteLength ?? 0;
    this.resident.delete(patient);
    this.pending.delete(patient);
  }

  /** Prefetch: begins to read bags that `load` will ask for soon. */
  prefetch(patients: readonly number[]): void {
    for (const patient of patients) {
      if (this.resident.has(patient) || this.pending.has(patient)) continue;
      const read = this.read(patient);
      this.pending.set(patient, read);
      // If a prefetch fails, a later `load` of the bag throws the error. Without a later `load`, the error is ignored.
      read.catch(() => undefined);
    }
  }

  /** Instances of a patient, row after row, [rows, width]. Do not change them. */
  async load(patient: number): Promise<Float32Array> {
    const known = this.resident.get(patient);
    if (known) return known;
    const read = this.pending.get(patient) ?? this.read(patient);
    this.pending.delete(patient);
    const [any] = this.features;
    const bag = await (any ? any.wait(read) : read);
    if (bag.byteLength <= this.bytesLeft) {
      this.bytesLeft -= bag.byteLength;
      this.resident.set(patient, bag);
    }
    return bag;
  }

  private segments(patient: number): readonly StoredSegment[] {
    return this.bags[patient] ?? [];
  }

  private async read(patient: number): Promise<Float32Array> {
    const bag = new Float32Array(this.rows(patient) * this.width);
    let at = 0;
    for (const segment of this.segments(patient)) {
      const values = bag.subarray(at, at + segment.rows * this.width);
      const stored = { width: this.width, precision: segment.precision };
      await readStoredRows(this.pathOf(segment), stored, segment.start, values);
      at += values.length;
    }
    return bag;
  }

  private pathOf({ artifact, precision }: StoredSegment): string {
    const known = this.paths.get(artifact);
    if (known !== undefined) return known;
    const file = this.features.find(({ id }) => id === artifact);
    if (!file) throw new Error(`The job was not given the feature artifact ${artifact}`);
    const path = file.path(featuresFiles[precision]);
    this.paths.set(artifact, path);
    return path;
  }
}

interface Storage {
  readonly modality: ModalityId;
  readonly width: number;
  readonly precision: Precision;
}

function storageOf({ widths, precisions }: Cohort, modality: ModalityId): Storage {
  const width = widths[modality];
  const precision = precisions[modality];
  if (width === undefined || precision === undefined)
    throw new HafError(
      'HAF_COHORT_INVALID',
      `The cohort has no width for the instances of ${modality}.`,
      `Take ${modality} out of \`modalities\`, or check its feature files.`,
    );
  return { modality, width, precision };
}

function commonWidth(stored: readonly Storage[]): number {
  const [first, ...others] = stored;
  if (first === undefined) throw new Error('A bag source needs a modality');
  if (others.every(({ width }) => width === first.width)) return first.width;
  const widths = stored.map(({ modality, width }) => `${width} values in ${modality}`).join(' and ');
  throw new HafError(
    'HAF_COHORT_INVALID',
    `One encoder cannot read the bags of ${stored.map(({ modality }) => modality).join(' and ')}: an instance has ${widths}.`,
    'Make the features of both with one model, or take the method that joins their bags (wsi_tma_clam) out of `methods`.',
  );
}
