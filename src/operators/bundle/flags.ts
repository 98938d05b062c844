import type { ModalityId } from '../../pipeline/core/modality.js';
import { meanRow } from '../classic/bag-means.js';
import type { NamedArray } from '../tensor/safetensors.js';
import type { OpenBundle } from './open-bundle.js';
import { SpreadCollector } from './bag-spread.js';
import type { Roster } from './roster-data.js';
import type { ScoringData } from './scoring-data.js';

/**
 * Distance (`distanceOf`, in standard deviations of the training patients) above which a patient is flagged. Training
 * patients have a distance of about 1; features of another encoder have a much larger one.
 */
const mostDistance = 4;

/** Differences between a new patient and the patients of the training, in sentences. */
export class Flags {
  /**
   * For each modality: mean, and sum of squared deviations, of the mean instances of the patients checked so far. The
   * mean instance of a patient is the mean of the instances of the patient's bag.
   */
  readonly spread = new SpreadCollector();
  private readonly rows: ReadonlyMap<ModalityId, ReadonlyMap<string, number>>;
  private readonly unread = new Map<string, string[]>();

  constructor(
    private readonly opened: OpenBundle,
    private readonly data: ScoringData,
    { unread }: Roster,
  ) {
    this.rows = new Map(
      [...data.tables].map(([id, { patients }]) => [
        id,
        new Map(patients.map((patient, row) => [patient, row])),
      ]),
    );
    for (const { modality, patient, column, word } of unread) {
      const known = this.unread.get(patient) ?? [];
      known.push(`${modality}.${column} "${word}" is not a value of the training and counts as missing`);
      this.unread.set(patient, known);
    }
  }

  async of(patient: number, seen: readonly ModalityId[]): Promise<string[]> {
    const id = this.data.patients[patient] as string;
    const flags = [...(this.unread.get(id) ?? [])];
    if (seen.length === 0)
      flags.push(
        'the patient has none of the modalities of the model: the prediction is that of all training patients',
      );
    for (const modality of this.opened.bundle.modalities)
      flags.push(
        ...(modality.kind === 'table'
          ? this.ofCells(modality, id)
          : seen.includes(modality.id)
            ? await this.ofBag(modality, patient)
            : []),
      );
    return flags;
  }

  private ofCells(
    { id, columns }: Extract<OpenBundle['bundle']['modalities'][number], { kind: 'table' }>,
    patient: string,
  ): string[] {
    const row = this.rows.get(id)?.get(patient);
    const table = this.data.tables.get(id);
    if (row === undefined || table === undefined) return [];
    const cells = table.cells.subarray(row * columns.length, (row + 1) * columns.length);
    if (cells.every(Number.isNaN)) return [`${id}: all cells are missing`];
    return columns.flatMap(({ name, range }, at) => {
      const value = cells[at] as number;
      return range !== null && (value < range[0] || value > range[1])
        ? [`${id}.${name} ${value} is outside of the training range ${range[0]} to ${range[1]}`]
        : [];
    });
  }

  private async ofBag(
    { id, rows: [least] }: Extract<OpenBundle['bundle']['modalities'][number], { kind: 'bag' }>,
    patient: number,
  ): Promise<string[]> {
    const source = this.data.bags([id]);
    if (source === null || !source.has(patient)) return [];
    const flags: string[] = [];
    const rows = source.rows(patient);
    if (rows < least) flags.push(`${id}: ${rows} instances, fewer than any training bag (${least})`);
    const instance = meanRow(await source.load(patient), source.width);
    this.spread.add(id, instance);
    const distance = distanceOf(instance, this.opened.reference, id);
    if (distance > mostDistance)
      flags.push(
        `${id}: its features lie ${distance.toFixed(1)} standard deviations from those of the training; perhaps another encoder or stain was used`,
      );
    return flags;
  }
}

/**
 * Distance of a mean instance from the mean of the training patients: the root mean square over the dimensions, in
 * standard deviations of the training patients.
 */
function distanceOf(
  mean: Float64Array,
  reference: Readonly<Record<string, NamedArray>>,
  id: ModalityId,
): number {
  const [centre, sd] = [reference[`${id}.mean`]?.data, reference[`${id}.sd`]?.data];
  if (centre === undefined || sd === undefined) return 0;
  let [sum, count] = [0, 0];
  mean.forEach((value, k) => {
    const spread = sd[k] as number;
    if (spread < 1e-6) return;
    sum += ((value - (centre[k] as number)) / spread) ** 2;
    count++;
  });
  return count === 0 ? 0 : Math.sqrt(sum / count);
}
