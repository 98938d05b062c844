import { basename, extname } from 'node:path';
import type { BagModality } from './modality.js';
import { patientId, type PatientId } from './patient-id.js';

/** Stains of the HANCOCK tissue microarrays (method.md 2.6), in the order bags follow. */
export const stains = ['CD163', 'CD3', 'CD56', 'CD68', 'CD8', 'HE', 'MHC1', 'PDL1'] as const;
export type Stain = (typeof stains)[number];

/** `TumorCenter_CD3_block12_x3_y4_patient007`, the stem of a core image and of its features (method.md 2.6). */
const coreStem = /_block\d+_x\d+_y\d+_patient(\w+)$/i;
const explicitPatient = /patient[_-]?(\d+)/i;
const wholeId = /^\d+$/;

/** File name without folders and ending. */
export const stemOf = (name: string): string => basename(name, extname(name));

const tokensOf = (stem: string): readonly string[] => stem.toUpperCase().split(/[^A-Z0-9]+/);
const isStain = (token: string): token is Stain => (stains as readonly string[]).includes(token);

/** The last stain named in a stem; null when there is none. */
export const stainOf = (stem: string): Stain | null => tokensOf(stem).filter(isStain).at(-1) ?? null;

/** The patient a stem names. Null when it names none; the digits of "CD3" or "MHC1" are not an id. */
export function patientOf(stem: string): PatientId | null {
  if (wholeId.test(stem)) return patientId(stem);
  const core = coreStem.exec(stem)?.[1];
  if (core !== undefined) return patientId(core);
  const explicit = explicitPatient.exec(stem)?.[1];
  if (explicit !== undefined) return patientId(explicit);
  return patientId(
    tokensOf(stem)
      .filter((token) => !isStain(token))
      .join('_'),
  );
}

/** Where the rows of a file come from: "primary" or "lymph" for slides (method.md 2.5), the stain for cores. */
export function sourceOf(stem: string, modality: BagModality): string {
  if (modality === 'WSI') return /^lymphnode/i.test(stem) ? 'lymph' : 'primary';
  return stainOf(stem) ?? 'unknown';
}
