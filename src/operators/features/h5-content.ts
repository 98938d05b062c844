import type { Dataset, File } from 'h5wasm/node';
import { caseContent, isCaseFile } from './case-file.js';
import type { FeatureContent, FeatureFile } from './feature-reader.js';
import type { ArrayShape } from './stored-array.js';
import { foreign } from './foreign.js';
import { datasetsOf } from './hdf5-datasets.js';
import { withHdf5 } from './hdf5-file.js';
import { numberAttribute, textAttribute } from './hdf5-attributes.js';
import { assertCompleteHdf5 } from './hdf5-superblock.js';
import { plainPixels, type Notes } from './file-notes.js';
import { oneBag, patientOfFile } from './one-bag.js';
import { namesSaid } from './self-names.js';
import { coordsName, featureNames, featuresAmong, shapeOf } from './stored-array.js';

/**
 * The facts about the instances in a file of STAMP. Such a file has the dataset `feats` and attributes that describe
 * it. A single vector of a slide or patient is refused, because it is not a bag.
 */
function stampNotes(file: File): Notes {
  const kind = textAttribute(file, 'feat_type');
  if (kind !== null && kind !== 'tile')
    throw foreign(
      `STAMP says it holds features of a ${kind}, not of tiles`,
      'Point `files` of the modality to what `stamp preprocess` wrote.',
      'feat_type',
    );
  const unit = textAttribute(file, 'unit');
  const sidePx = numberAttribute(file, 'tile_size_px');
  // STAMP 2.0 writes the attribute tile_size. STAMP 2.1 and later write tile_size_um and tile_size_px.
  const sideUm =
    numberAttribute(file, 'tile_size_um') ?? (unit === 'um' ? numberAttribute(file, 'tile_size') : null);
  const coords =
    unit === 'um' || sideUm !== null
      ? { unit: 'um' as const, side: sideUm }
      : unit === 'px'
        ? { unit: 'px' as const, side: sidePx }
        : null;
  const mpp = sideUm !== null && sidePx !== null ? sideUm / sidePx : null;
  return { dialect: 'stamp', encoder: textAttribute(file, 'extractor'), coords, mpp };
}

/** Side length of a tile in level-0 pixels, from attributes of TRIDENT or CLAM. Null if there are none. */
function sideOf(coords: Dataset): number | null {
  const level0 = numberAttribute(coords, 'patch_size_level0');
  if (level0 !== null) return level0;
  const size = numberAttribute(coords, 'patch_size');
  const downsample = numberAttribute(coords, 'downsample');
  return size === null || downsample === null ? null : size * Math.floor(downsample);
}

/**
 * The facts about the instances in a file of TRIDENT or CLAM. TRIDENT writes the encoder as an attribute of the
 * features, and the grid of tiles as attributes of the coordinates. CLAM writes no attributes.
 */
function plainNotes(features: Dataset, coords: Dataset | null): Notes {
  const encoder = textAttribute(features, 'encoder');
  // `embed` writes the unit of the coordinates as an attribute. TRIDENT and CLAM do not: their unit is the pixel.
  const unit = coords !== null && textAttribute(coords, 'unit') === 'um' ? 'um' : 'px';
  const gridOfTrident = coords !== null && numberAttribute(coords, 'patch_size_level0') !== null;
  return {
    dialect: encoder !== null || gridOfTrident ? 'trident' : 'clam',
    encoder,
    coords:
      coords === null
        ? null
        : { unit, side: unit === 'px' ? sideOf(coords) : numberAttribute(coords, 'tile_size_um') },
    mpp: numberAttribute(features, 'mpp'),
  };
}

function contentOf(hdf5: File, file: FeatureFile): FeatureContent {
  if (isCaseFile(hdf5)) return caseContent(hdf5, file);
  const found = datasetsOf(hdf5);
  const features = featuresAmong(
    found.map(({ array }) => array),
    file.width,
  );
  const coords = found.find(({ array }) => array.name === coordsName) ?? null;
  const dataset = found.find(({ array }) => array === features)?.dataset;
  const [plain, stamp] = featureNames;
  const notes: Notes =
    features.name === stamp
      ? stampNotes(hdf5)
      : dataset !== undefined && features.name === plain
        ? plainNotes(dataset, coords?.dataset ?? null)
        : { dialect: 'h5', encoder: null, coords: plainPixels, mpp: null };
  const owners = [hdf5, dataset, coords?.dataset].filter((owner) => owner !== undefined);
  const says = namesSaid((name) => owners.map((owner) => textAttribute(owner, name)));
  return oneBag(file, features, coords?.array ?? null, { ...notes, says });
}

/** The content of an HDF5 file. @throws HafError `HAF_FEATURES_INVALID` */
export function h5Content(file: FeatureFile): Promise<FeatureContent> {
  patientOfFile(file);
  assertCompleteHdf5(file.path);
  return withHdf5(file.path, (hdf5) => contentOf(hdf5, file));
}

/** Names and shapes of the datasets in an HDF5 file. @throws HafError `HAF_FEATURES_INVALID` */
export function h5Shapes(path: string): Promise<readonly ArrayShape[]> {
  assertCompleteHdf5(path);
  return withHdf5(path, (hdf5) => datasetsOf(hdf5).map(({ array }) => shapeOf(array)));
}
