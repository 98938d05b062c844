/**
 * How the modalities of a patient are aligned in one space: `svd` is eq. 5-7, `clip` contrasts each modality with the
 * slide, `signed` compares each pair by its cosine (method.md 12.5).
 */
export const alignments = ['svd', 'clip', 'signed'] as const;
export type Alignment = (typeof alignments)[number];
