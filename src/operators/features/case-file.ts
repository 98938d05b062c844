import h5wasm, { type File, type Group } from 'h5wasm/node';
import { stemOf } from '../../pipeline/core/file-name.js';
import { stainOf } from '../../pipeline/core/hancock-names.js';
import type { FeatureContent, FeatureFile } from './feature-reader.js';
import { gatherBags, type BagPart } from './gather-bags.js';
import { datasetArray } from './hdf5-dataset.js';
import { bagOf, patientOfFile } from './one-bag.js';
import { featureNames, type StoredArray } from './stored-array.js';

const slideGroup = 'wsi';
const coreGroup = 'tma';
/**
 * Names of arrays in the group of a stain: one vector per core (`features`), or the vectors of its patches. The code of
 * the method's authors searches the same names.
 */
const coreNames = ['features', 'patches'] as const;
const unknownStain = 'unknown';

const groupOf = (parent: Group, name: string): Group | null => {
  const entity = parent.keys().includes(name) ? parent.get(name) : null;
  return entity instanceof h5wasm.Group ? entity : null;
};

/** Whether the file is a case file of the method's authors: all modalities of one patient in groups (method.md 2.7). */
export const isCaseFile = (file: File): boolean =>
  !featureNames.some((name) => file.keys().includes(name)) &&
  [slideGroup, coreGroup].some((name) => groupOf(file, name) !== null);

interface CaseArray {
  readonly source: string;
  readonly array: StoredArray;
}

function arrayIn(parent: Group, path: string, names: readonly string[]): StoredArray | null {
  const name = names.find((candidate) => parent.keys().includes(candidate));
  const entity = name === undefined ? null : parent.get(name);
  return entity instanceof h5wasm.Dataset ? datasetArray(entity, `${path}/${name}`) : null;
}

/** If `reconstructed_features` exists beside `features`, a model generated it for a missing slide. It is never read. */
function slideArrays(file: File): readonly CaseArray[] {
  const group = groupOf(file, slideGroup);
  const array = group && arrayIn(group, slideGroup, ['features']);
  return array ? [{ source: 'primary', array }] : [];
}

function coreArrays(file: File): readonly CaseArray[] {
  const group = groupOf(file, coreGroup);
  if (!group) return [];
  const ofStains = group.keys().flatMap((marker) => {
    const stain = groupOf(group, marker);
    const array = stain && arrayIn(stain, `${coreGroup}/${marker}`, coreNames);
    return array ? [{ source: stainOf(marker) ?? marker.toUpperCase(), array }] : [];
  });
  if (ofStains.length > 0) return ofStains;
  const all = arrayIn(group, coreGroup, ['features']);
  return all ? [{ source: unknownStain, array: all }] : [];
}

/**
 * The bags of one modality in a case file: the slide, or the cores of each stain. The positions of instances are not
 * used, because their unit is unknown. A file without the modality is valid: the patient lacks the modality.
 * @throws HafError `HAF_FEATURES_INVALID`
 */
export function caseContent(hdf5: File, file: FeatureFile): FeatureContent {
  const patient = patientOfFile(file);
  const stem = stemOf(file.name);
  const ofSlides = file.tiling === 'tissue';
  const arrays = ofSlides ? slideArrays(hdf5) : coreArrays(hdf5);
  const parts = arrays.map(({ source, array }): BagPart => ({
    patient,
    place: array.name,
    read: () => {
      const image = ofSlides ? stem : `${stem}_${source}`;
      return bagOf({ patient, source, image }, file, array, null, { coords: null, mpp: null });
    },
  }));
  const { bags, rejected } = gatherBags(parts);
  const absent = {
    severity: 'info',
    patient,
    place: ofSlides ? slideGroup : coreGroup,
    reason: `The case file holds no ${file.modality} features.`,
    fix: 'Nothing needs to be done if the patient has none.',
  } as const;
  return { dialect: 'case', encoder: null, bags, rejected: arrays.length === 0 ? [absent] : rejected };
}
