import { stemOf } from '../../pipeline/core/file-name.js';
import { patientIn, sourceIn, type NameRule } from '../../pipeline/core/naming.js';
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

/** numpy.savez names an array without a name `arr_0`. Its digits are not an id. */
const patientOfKey = (key: string, names: NameRule | undefined): string | null =>
  names === undefined || /^arr_\d+$/.test(key) ? null : patientIn(names, key);

function keyedPart(
  array: UnopenedArray,
  { name: fileName, names, tiling, width, onNonFinite, budget }: FeatureFile,
  layouts: Set<string>,
): BagPart {
  const place = array.name;
  const patient = patientOfKey(place, names);
  return {
    patient,
    place,
    read: () => {
      if (patient === null)
        throw foreign(
          'the key holds no patient id',
          names === 'hancock'
            ? 'Use keys like "001" or "TumorCenter_HE_block1_x2_y3_patient001".'
            : 'Name the arrays by patient, or so that `patient.pattern` of the modality matches; with a table of files, write one file per slide.',
        );
      const instances = instancesOf(array.open(), width, budget);
      const { values, dropped } = finiteOnly(
        { values: instances.values, coords: null },
        width,
        place,
        onNonFinite,
      );
      layouts.add(instances.layout);
      const source = sourceIn(names, tiling, place, stemOf(fileName));
      // In HANCOCK, `source` (for cores the stain) already distinguishes equal keys of two files. In other cohorts, the
      // same key in two files means two images, so the name of the file is added.
      const image = names === 'hancock' ? place : `${stemOf(fileName)}/${place}`;
      const bag = { patient, source, image, place, values, coords: null, mpp: null };
      if (dropped === 0) return { bag, rejected: [] };
      const reason = `${dropped} rows had NaN or infinite values and were dropped.`;
      const fix = 'Extract the features of this image again.';
      return { bag, rejected: [{ severity: 'warning', patient, place, reason, fix }] };
    },
  };
}

/** The array that is the single bag of the patient in the file's name. Null if each array is a bag of its own. */
function onlyBag(arrays: readonly string[], names: NameRule | undefined): string | null {
  const named = featureNames.find((name) => arrays.includes(name));
  if (named !== undefined) return named;
  const [first] = arrays;
  if (arrays.length !== 1 || first === undefined) return null;
  // With the rule `whole` (the whole name is the id), any text may be an id. The patient is then taken from the name of
  // the file, because the name of the only array may be any word.
  return names === 'whole' || patientOfKey(first, names) === null ? first : null;
}

/** The patients of a file of named arrays, from the names alone: no array is read. */
export const patientsOfKeys = (
  { patient, names }: Pick<FeatureFile, 'patient' | 'names'>,
  arrays: readonly string[],
): readonly string[] =>
  (onlyBag(arrays, names) === null ? arrays.map((key) => patientOfKey(key, names)) : [patient]).filter(
    (id) => id !== null,
  );

/**
 * The bags of a file of named arrays. `features` or `feats`, with `coords`, or a single array are one bag of the patient in the
 * file's name. Otherwise every array is a bag of the patient in its key (method.md 2.7).
 *
 * @param format first part of the dialect's name, for example `npz`
 */
export function bagsOfNamed(
  file: FeatureFile,
  arrays: readonly UnopenedArray[],
  format: string,
): FeatureContent {
  const sorted = arrays.toSorted(byName);
  const open = (wanted: string | null): StoredArray | null =>
    sorted.find(({ name }) => name === wanted)?.open() ?? null;
  const only = onlyBag(
    sorted.map(({ name }) => name),
    file.names,
  );
  const features = open(only);
  if (features !== null) {
    const notes = { dialect: `${format}-features`, encoder: null, coords: plainPixels, mpp: null };
    return oneBag(file, features, open(coordsName), notes);
  }
  const layouts = new Set<string>();
  const gathered = gatherBags(sorted.map((array) => keyedPart(array, file, layouts)));
  const dialect = [format, [...layouts].sort().join('+')].filter((part) => part !== '').join('-');
  return { dialect, encoder: null, ...gathered };
}
