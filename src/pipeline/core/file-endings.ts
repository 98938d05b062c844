/**
 * Endings of files that hold instances. A file with any other ending is taken for an image. If files of two endings
 * have the same names, `init --from` declares those whose ending comes first here. h5 is first, because an h5 file may
 * also hold coordinates.
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
/**
 * Endings of whole-slide images. Formats that must be converted by other programs are included, so that a user with
 * such files gets a message.
 */
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

/** Endings of pictures that are not slides, such as cores of a tissue microarray. */
export const pictureEndings: readonly string[] = ['png', 'jpg', 'jpeg'];

/** Endings of slides and feature files, with the dot. */
export const fileEndings: readonly string[] = [
  ...featureEndings,
  ...slideEndings.map((ending) => `.${ending}`),
];
