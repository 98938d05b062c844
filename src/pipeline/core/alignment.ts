/** How the modalities of a patient are brought into one space: `svd` is eq. 5-7, `clip` contrasts each with the slide. */
export const alignments = ['svd', 'clip'] as const;
export type Alignment = (typeof alignments)[number];
