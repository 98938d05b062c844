import { drawPersonas, type Persona } from '../latent.js';

/** Participating clinics. In each, the numbers of patients start at 1. */
const clinics = ['4A', 'K7', '9Q', 'B2'] as const;
const deceasedShare = 0.35;

/**
 * Id of the patient with this index: `HC-4A-0001`, like a barcode of TCGA. The digits alone are not unique: one patient
 * of each of the four clinics ends in `0001`.
 */
export function ownId(index: number): string {
  const clinic = clinics[index % clinics.length] ?? clinics[0];
  const number = Math.floor(index / clinics.length) + 1;
  return `HC-${clinic}-${String(number).padStart(4, '0')}`;
}

/** The patients of the cohort, by ascending id. */
export const drawPeople = (patients: number, seed: number): readonly Persona[] =>
  [...drawPersonas(patients, seed, { idOf: ownId, deceasedShare })].sort((a, b) => (a.id < b.id ? -1 : 1));
