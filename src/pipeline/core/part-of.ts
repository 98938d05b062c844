import { sha256 } from './canonical-json.js';

/** A part of the patients: number `index` of `of` parts. */
export interface Part {
  readonly index: number;
  readonly of: number;
}

/**
 * Whether a patient belongs to a part. The hash of the id decides it, so that files and tables can be divided before
 * they are read.
 */
export const inPart = (id: string, { index, of }: Part): boolean =>
  Number.parseInt(sha256(id).slice(0, 8), 16) % of === index;
