/** The name of a modality, as the experiment declares it: `WSI`, `RNA`, `Clin`. */
export type ModalityId = string;

/** A bag of instances per patient passes through Stage 1; a table gives one row per patient. */
export type ModalityKind = 'bag' | 'table';

/** A modality of the experiment at its place: slots of a concatenation, files and figures follow this order. */
export interface Slot {
  readonly id: ModalityId;
  readonly kind: ModalityKind;
}

/** What a name may be: it is a part of file names, job keys and names of weights. */
export const modalityName = /^[A-Za-z][A-Za-z0-9_-]*$/;

/** Names that paths and parameters use themselves. */
export const reservedNames: readonly string[] = [
  'union',
  'all',
  'probe',
  'mask',
  'query',
  'output',
  'frozen',
];
