/** The seven modalities in canonical order (method.md, notation): slots, masks, files and figures follow it. */
export const modalities = ['WSI', 'TMA', 'Clin', 'Path', 'Blood', 'ICD', 'Cell'] as const;
export type Modality = (typeof modalities)[number];

/** Modalities whose data is a bag of instances; they pass through Stage 1. */
export const bagModalities = ['WSI', 'TMA'] as const;
export type BagModality = (typeof bagModalities)[number];

/** Modalities whose data is one row of a clinical table. */
export const tableModalities = ['Clin', 'Path', 'Blood', 'ICD', 'Cell'] as const;
export type TableModality = (typeof tableModalities)[number];

export const isBagModality = (modality: Modality): modality is BagModality =>
  (bagModalities as readonly string[]).includes(modality);
export const isTableModality = (modality: Modality): modality is TableModality => !isBagModality(modality);

/** The given modalities, in canonical order. */
export const inCanonicalOrder = (chosen: readonly Modality[]): readonly Modality[] =>
  modalities.filter((modality) => chosen.includes(modality));

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

/** Slots of HANCOCK's modalities, until the experiment declares them. */
export const slotsOf = (chosen: readonly Modality[]): readonly Slot[] =>
  chosen.map((id) => ({ id, kind: isBagModality(id) ? 'bag' : 'table' }));
