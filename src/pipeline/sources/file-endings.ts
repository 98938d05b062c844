/** Endings of what holds instances already; anything else is taken for an image. */
export const featureEndings: readonly string[] = [
  '.h5',
  '.hdf5',
  '.pt',
  '.pth',
  '.npy',
  '.npz',
  '.safetensors',
];
/** What whole-slide images are called, also those that only others can convert: whoever has them should hear so. */
export const slideEndings: readonly string[] = [
  ...[
    'svs',
    'tif',
    'tiff',
    'ndpi',
    'scn',
    'bif',
    'mrxs',
    'vms',
    'vmu',
    'svslide',
    'dcm',
    'czi',
    'vsi',
    'lif',
  ],
  'isyntax',
];

/** Endings of slides and feature files, with the dot. */
export const fileEndings: readonly string[] = [
  ...featureEndings,
  ...slideEndings.map((ending) => `.${ending}`),
];
