/** An id that is in one file but not in the other, with the most similar id of the other. */
export interface Stranger {
  readonly id: string;
  readonly closest: string | null;
}

/** Ids of strangers as a text, for example `"P-01" (closest: "P_01"), "P-02"`. */
export const strangersText = (strangers: readonly Stranger[]): string =>
  strangers
    .map(({ id, closest }) => (closest === null ? `"${id}"` : `"${id}" (closest: "${closest}")`))
    .join(', ');
