import { stemOf } from '../../pipeline/core/file-name.js';
import { sourceIn } from '../../pipeline/core/naming.js';
import type { FeatureBag, FeatureContent, FeatureFile, Rejected } from './feature-reader.js';
import { finiteOnly } from './finite.js';
import { asForeign, foreign } from './foreign.js';
import { notesOfPath, type Notes } from './file-notes.js';
import type { MemoryBudget } from './memory-budget.js';
import { readRows } from './read-rows.js';
import { shapeText, squeezed, type StoredArray } from './stored-array.js';

/**
 * The patient of a file with one bag.
 * @throws HafError `HAF_FEATURES_INVALID` if the file name holds no patient id
 */
export function patientOfFile({ patient, names }: FeatureFile): string {
  if (patient !== null) return patient;
  throw foreign(
    'its name holds no patient id',
    names === 'hancock'
      ? 'Name it like "PrimaryTumor_HE_001.h5".'
      : 'Rename it, or correct `patient` of the modality in the experiment.',
  );
}

const warning = (patient: string | null, place: string, reason: string, fix: string): Rejected => ({
  severity: 'warning',
  patient,
  place,
  reason,
  fix,
});

/** Upper left corners [rows, 2] of the instances, or why they are not used. */
function readCoords(array: StoredArray, rows: number, budget: MemoryBudget): Float32Array | string {
  const { name, shape } = array;
  const sides = squeezed(shape);
  const [count = 0, columns = 2] = sides;
  if (count !== rows)
    throw foreign(
      `it has ${rows} rows of features and ${count} of "${name}"`,
      'Extract the features of this image again: it is unknown which rows belong together.',
      name,
    );
  if (rows === 0) return new Float32Array(0);
  if (sides.length !== 2 || columns !== 2)
    return `its shape is ${shapeText(shape)}, [${rows}, 2] is expected`;
  try {
    budget.take(shape, name);
    const corners = array.read();
    const bad = corners.findIndex((value) => !Number.isFinite(value));
    return bad < 0 ? corners : `row ${bad >> 1} (counted from 0) is not a position`;
  } catch (thrown) {
    const error = asForeign(thrown);
    if (error === null) throw thrown;
    return error.what;
  }
}

/**
 * The bag of one array. The array is refused if its width is wrong, or if the number of coordinates is not the number
 * of instances. `onNonFinite` decides about NaN and infinite values. Coordinates that cannot be read are left out with
 * a warning, because training does not need them.
 * @throws HafError `HAF_FEATURES_INVALID`
 */
export function bagOf(
  whose: Pick<FeatureBag, 'patient' | 'source' | 'image'>,
  { width, onNonFinite, budget }: FeatureFile,
  features: StoredArray,
  coords: StoredArray | null,
  notes: Pick<Notes, 'coords' | 'mpp'>,
): { readonly bag: FeatureBag; readonly rejected: readonly Rejected[] } {
  const place = features.name;
  const values = readRows(features, width, budget);
  const corners = coords === null ? null : readCoords(coords, values.length / width, budget);
  const unused =
    typeof corners === 'string'
      ? corners
      : corners !== null && notes.coords === null
        ? 'the file does not say their unit'
        : null;
  const known = typeof corners === 'string' ? null : corners;
  const finite = finiteOnly({ values, coords: known }, width, place, onNonFinite);
  const rejected: Rejected[] = [];
  if (unused !== null)
    rejected.push(
      warning(
        whose.patient,
        coords?.name ?? place,
        `The coordinates are not used: ${unused}.`,
        'Heatmaps need them; write level-0 pixels [rows, 2].',
      ),
    );
  if (finite.dropped > 0)
    rejected.push(
      warning(
        whose.patient,
        place,
        `${finite.dropped} of ${values.length / width} rows had NaN or infinite values and were dropped.`,
        'Extract the features of this image again.',
      ),
    );
  const usable =
    finite.coords === null || notes.coords === null ? null : { ...notes.coords, values: finite.coords };
  return { bag: { ...whose, place, values: finite.values, coords: usable, mpp: notes.mpp }, rejected };
}

/**
 * The content of a file with one bag. The bag belongs to the patient `file.patient`.
 * @throws HafError `HAF_FEATURES_INVALID`
 */
export function oneBag(
  file: FeatureFile,
  features: StoredArray,
  coords: StoredArray | null,
  written: Notes,
): FeatureContent {
  const stem = stemOf(file.name);
  const source = sourceIn(file.names, file.tiling, stem, stem);
  const whose = { patient: patientOfFile(file), source, image: stem };
  const { dialect, encoder, says = [], ...notes } = notesOfPath(file.name, written);
  const { bag, rejected } = bagOf(whose, file, features, coords, notes);
  return { dialect, encoder, says, bags: [bag], rejected };
}
