/** An id that stands in one file and not in the other, with the most similar id there. */
export interface Stranger {
  readonly id: string;
  readonly closest: string | null;
}

/** `"P-01" (closest: "P_01"), "P-02"` */
export const strangersText = (strangers: readonly Stranger[]): string =>
  strangers
    .map(({ id, closest }) => (closest === null ? `"${id}"` : `"${id}" (closest: "${closest}")`))
    .join(', ');
