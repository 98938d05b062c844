/** A statistic, or the reason why it is undefined for these patients. Never NaN. */
export type Measure =
  { readonly value: number; readonly reason: null } | { readonly value: null; readonly reason: string };

export const measured = (value: number): Measure => ({ value, reason: null });

/** @param reason for the user, for example "no comparable pair" */
export const notDefined = (reason: string): Measure => ({ value: null, reason });
