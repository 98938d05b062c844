/**
 * Endings of what holds instances already; anything else is taken for an image. Of files of one name the earlier ending is
 * preferred: h5 files hold coordinates too.
 */
export const featureEndings: readonly string[] = [
  '.h5',
  '.hdf5',
  '.safetensors',
  '.npz',
  '.npy',
  '.pt',
  '.pth',
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

/** Endings of pictures that are no slides, such as cores of a tissue-microarray. */
export const pictureEndings: readonly string[] = ['png', 'jpg', 'jpeg'];

/** Endings of slides and feature files, with the dot. */
export const fileEndings: readonly string[] = [
  ...featureEndings,
  ...slideEndings.map((ending) => `.${ending}`),
];
