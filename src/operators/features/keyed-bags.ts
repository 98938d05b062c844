import { patientOf, sourceOf, stainOf, stemOf } from '../../pipeline/core/file-name.js';
import type { BagModality } from '../../pipeline/core/modality.js';
import type { PatientId } from '../../pipeline/core/patient-id.js';
import type { FeatureContent, FeatureFile } from './feature-reader.js';
import { finiteOnly } from './finite.js';
import { foreign } from './foreign.js';
import { gatherBags, type BagPart } from './gather-bags.js';
import { instancesOf } from './npz-layout.js';
import { plainPixels } from './file-notes.js';
import { oneBag } from './one-bag.js';
import { coordsName, featureNames, type UnopenedArray, type StoredArray } from './stored-array.js';

const byName = (a: UnopenedArray, b: UnopenedArray): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

/** A file of keys is one stain, named by the file; a mixed one names it in its keys. */
const sourceOfKey = (fileStem: string, key: string, modality: BagModality): string =>
  modality === 'TMA' && stainOf(fileStem) === null ? sourceOf(key, modality) : sourceOf(fileStem, modality);

/** `arr_0` is how numpy.savez calls an array without a name; its digits are no id. */
const patientOfKey = (key: string): PatientId | null => (/^arr_\d+$/.test(key) ? null : patientOf(key));

function keyedPart(
  array: UnopenedArray,
  { name: fileName, modality, width, onNonFinite }: FeatureFile,
  layouts: Set<string>,
): BagPart {
  const place = array.name;
  const patient = patientOfKey(place);
  return {
    patient,
    place,
    read: () => {
      if (patient === null)
        throw foreign(
          'the key holds no patient id',
          'Use keys like "001" or "TumorCenter_HE_block1_x2_y3_patient001".',
        );
      const instances = instancesOf(array.open(), width);
      const { values, dropped } = finiteOnly(
        { values: instances.values, coords: null },
        width,
        place,
        onNonFinite,
      );
      layouts.add(instances.layout);
      const source = sourceOfKey(stemOf(fileName), place, modality);
      const bag = { patient, source, image: place, place, values, coords: null, mpp: null };
      if (dropped === 0) return { bag, rejected: [] };
      const reason = `${dropped} rows had NaN or infinite values and were dropped.`;
      const fix = 'Extract the features of this image again.';
      return { bag, rejected: [{ severity: 'warning', patient, place, reason, fix }] };
    },
  };
}

/** The array that is the one bag of the patient in the file's name; null when each array has a bag of its own. */
function onlyBag(names: readonly string[]): string | null {
  const named = featureNames.find((name) => names.includes(name));
  if (named !== undefined) return named;
  const [first] = names;
  return names.length === 1 && first !== undefined && patientOfKey(first) === null ? first : null;
}

/** Whom a file of named arrays has bags of, by names alone. */
export const patientsOfKeys = (fileName: string, names: readonly string[]): readonly string[] =>
  (onlyBag(names) === null ? names.map(patientOfKey) : [patientOf(stemOf(fileName))]).filter(
    (id) => id !== null,
  );

/**
 * The bags of a file of named arrays: `features` or `feats`, with `coords`, or a single array are one bag of the
 * patient in the file's name; otherwise every array is a bag of the patient in its key (method.md 2.7).
 *
 * @param format first part of the dialect's name
 */
export function bagsOfNamed(
  file: FeatureFile,
  arrays: readonly UnopenedArray[],
  format: string,
): FeatureContent {
  const sorted = arrays.toSorted(byName);
  const open = (wanted: string | null): StoredArray | null =>
    sorted.find(({ name }) => name === wanted)?.open() ?? null;
  const features = open(onlyBag(sorted.map(({ name }) => name)));
  if (features !== null) {
    const notes = { dialect: `${format}-features`, encoder: null, coords: plainPixels, mpp: null };
    return oneBag(file, features, open(coordsName), notes);
  }
  const layouts = new Set<string>();
  const gathered = gatherBags(sorted.map((array) => keyedPart(array, file, layouts)));
  const dialect = [format, [...layouts].sort().join('+')].filter((part) => part !== '').join('-');
  return { dialect, encoder: null, ...gathered };
}
