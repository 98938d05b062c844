/**
 * How the modalities of a patient are aligned in one space: `svd` is the loss of eq. 5-7 of the paper, `clip` contrasts
 * each modality with the anchor modality, `signed` compares each pair by its cosine (docs/method.md 12.5).
 */
export const alignments = ['svd', 'clip', 'signed'] as const;
export type Alignment = (typeof alignments)[number];
