import h5wasm, { type Dataset, type File, type Group } from 'h5wasm/node';
import { assertFinite } from './finite.js';
import { foreign } from './foreign.js';
import type { FeatureContent, FeatureFile, FeatureReader } from './feature-reader.js';
import { patientOf, sourceOf, stemOf } from '../../pipeline/core/file-name.js';
import { readMatrix, withHdf5 } from './hdf5-dataset.js';
import { assertCompleteHdf5 } from './hdf5-superblock.js';

const featuresName = 'features';
const stampName = 'feats';
/** Names shown when the wanted dataset is missing. */
const namesShown = 12;

/** Paths of the datasets below a group, depth first. External and broken links are not followed. */
function datasetPaths(group: Group, prefix = ''): readonly string[] {
  return group.keys().flatMap((key) => {
    const entity = group.get(key);
    if (entity instanceof h5wasm.Dataset) return [prefix + key];
    return entity instanceof h5wasm.Group ? datasetPaths(entity, `${prefix}${key}/`) : [];
  });
}

/** @throws HafError `HAF_FEATURES_INVALID` naming what is there instead */
function featuresOf(file: File): Dataset {
  const keys = file.keys();
  const found = keys.includes(featuresName) ? file.get(featuresName) : null;
  if (found instanceof h5wasm.Dataset) return found;
  if (keys.includes(stampName))
    throw foreign(
      `it holds "${stampName}", the layout of STAMP, which is not supported yet`,
      `Write the rows as a float32 dataset "${featuresName}".`,
      stampName,
    );
  const paths = datasetPaths(file);
  const more = paths.length > namesShown ? ` and ${paths.length - namesShown} more` : '';
  const there = paths.length === 0 ? 'none' : paths.slice(0, namesShown).join(', ') + more;
  throw foreign(
    `it has no dataset "${featuresName}"; datasets found: ${there}`,
    'Point data.*.files at feature files; a coordinates file of CLAM holds no features.',
    featuresName,
  );
}

/** TRIDENT notes the encoder on the dataset, CLAM writes no attributes (method.md 2.7). */
const dialectOf = (features: Dataset): string =>
  Object.keys(features.attrs).includes('encoder') ? 'trident' : 'clam';

/** HDF5 files with one bag per file, as CLAM and TRIDENT write them: `features` [N, w] or [1, N, w]. */
export const h5Reader: FeatureReader = {
  extensions: ['.h5', '.hdf5'],
  async read({ path, name, modality, width }: FeatureFile): Promise<FeatureContent> {
    const stem = stemOf(name);
    const patient = patientOf(stem);
    if (patient === null)
      throw foreign('its name holds no patient id', 'Name it like "PrimaryTumor_HE_001.h5".');
    assertCompleteHdf5(path);
    return withHdf5(path, (file) => {
      const features = featuresOf(file);
      const values = readMatrix(features, width, featuresName);
      assertFinite(values, width, featuresName);
      const source = sourceOf(stem, modality);
      const bag = { patient, source, image: stem, place: featuresName, values, coords: null, mpp: null };
      return { dialect: dialectOf(features), encoder: null, bags: [bag], rejected: [] };
    });
  },
};
