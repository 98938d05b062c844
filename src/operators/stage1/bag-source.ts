import { HafError } from '../../pipeline/core/errors.js';
import type { BagModality } from '../../pipeline/core/modality.js';
import type { Artifact } from '../../pipeline/stage.js';
import type { Cohort, Segment } from '../cohort/cohort-data.js';
import { featuresFiles, type Precision } from '../features/bag-index.js';
import { readRows } from '../features/stored-bag.js';

/** Bytes of bags a job keeps in memory; the rest is read again each time. */
export const residentBytes = 512 * 2 ** 20;

/**
 * The bags of one modality, read by row range from the feature files. Bags stay in memory in the order of their first
 * use until the budget is spent: an epoch visits all of them, so replacing one by another would only cost reads.
 */
export class BagSource {
  /** Length of one instance. */
  readonly width: number;
  readonly precision: Precision;
  private readonly resident = new Map<number, Float32Array>();
  private readonly files = new Map<string, string>();
  private bytesLeft: number;

  /** @throws HafError HAF_COHORT_INVALID when the cohort does not know the modality. */
  constructor(
    private readonly cohort: Cohort,
    private readonly modality: BagModality,
    features: readonly Artifact[],
    budget = residentBytes,
  ) {
    const width = cohort.widths[modality];
    const precision = cohort.precisions[modality];
    if (width === undefined || precision === undefined)
      throw new HafError(
        'HAF_COHORT_INVALID',
        `The cohort has no width for the instances of ${modality}.`,
        `Take ${modality} out of \`modalities\`, or check its feature files.`,
      );
    this.width = width;
    this.precision = precision;
    this.bytesLeft = budget;
    for (const artifact of features) this.files.set(artifact.id, artifact.path(featuresFiles[precision]));
  }

  has(patient: number): boolean {
    return this.segments(patient).length > 0;
  }

  /** Number of instances; 0 for a patient without the modality. */
  rows(patient: number): number {
    return this.segments(patient).reduce((sum, { rows }) => sum + rows, 0);
  }

  /** Instances of a patient, row after row, [rows, width]. Do not change them. */
  load(patient: number): Float32Array {
    const known = this.resident.get(patient);
    if (known) return known;
    const bag = this.read(patient);
    if (bag.byteLength <= this.bytesLeft) {
      this.bytesLeft -= bag.byteLength;
      this.resident.set(patient, bag);
    }
    return bag;
  }

  private segments(patient: number): readonly Segment[] {
    return this.cohort.patients[patient]?.bags[this.modality] ?? [];
  }

  private read(patient: number): Float32Array {
    const bag = new Float32Array(this.rows(patient) * this.width);
    let at = 0;
    for (const segment of this.segments(patient)) {
      const values = bag.subarray(at, at + segment.rows * this.width);
      readRows(this.pathOf(segment), this, segment.start, values);
      at += values.length;
    }
    return bag;
  }

  private pathOf({ artifact }: Segment): string {
    const path = this.files.get(artifact);
    if (path === undefined) throw new Error(`The job was not given the feature artifact ${artifact}`);
    return path;
  }
}
