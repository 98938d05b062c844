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
