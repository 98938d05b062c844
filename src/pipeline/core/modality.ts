/** The name of a modality, as the experiment declares it: `WSI`, `RNA`, `Clin`. */
export type ModalityId = string;

/** A bag has many instances per patient and passes through Stage 1. A table has one row per patient. */
export type ModalityKind = 'bag' | 'table';

/**
 * A modality of the experiment with its position. Concatenated vectors, files and figures follow the order of the
 * slots.
 */
export interface Slot {
  readonly id: ModalityId;
  readonly kind: ModalityKind;
}

/** Valid names of modalities. A name becomes part of file names, job keys and names of weights. */
export const modalityName = /^[A-Za-z][A-Za-z0-9_-]*$/;

/** Names that no modality may have, because file paths and names of weights use them for something else. */
export const reservedNames: readonly string[] = [
  'union',
  'all',
  'probe',
  'mask',
  'query',
  'output',
  'frozen',
];
