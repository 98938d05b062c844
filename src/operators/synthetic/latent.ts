import { hancockId } from '../../pipeline/core/hancock-names.js';
import { rng, type Rng } from '../../pipeline/core/rng.js';

/** An invented patient. */
export interface Persona {
  readonly id: string;
  /** The hidden cause of everything that can be learnt; standard normal, higher is worse. */
  readonly risk: number;
  readonly deceased: boolean;
}

/** Share of the deceased, as in HANCOCK (213 of 763). */
const deceasedShare = 0.28;
/** Standard deviation of what no modality knows; it keeps the AUC of a perfect model below 1. */
const chance = 0.3;

/**
 * Standard deviation of the noise between the risk and what each modality shows of it. Chosen by trial: over
 * 150 patients a linear model on one modality reaches an AUC of 0.6 to 0.8, the mean of seven 0.82 to 0.9.
 */
const blur = {
  WSI: 0.9,
  TMA: 1,
  Clin: 1.2,
  Path: 0.7,
  Blood: 0.9,
  ICD: 1.2,
  Cell: 1.1,
} as const;

/** A modality of HANCOCK. */
export type HancockModality = keyof typeof blur;

/** The invented patients, ids ascending from "001"; the id says nothing about the risk. */
export function drawPersonas(patients: number, seed: number): readonly Persona[] {
  const random = rng(seed, 'synthetic/personas');
  const drawn = Array.from({ length: patients }, (_, i) => {
    const risk = random.normal();
    return { id: hancockId(`${i + 1}`) as string, risk, outcome: risk + chance * random.normal() };
  });
  const worstFirst = drawn.map(({ outcome }) => outcome).sort((a, b) => b - a);
  const limit = worstFirst[Math.round(deceasedShare * patients)] ?? -Infinity;
  return drawn.map(({ id, risk, outcome }) => ({ id, risk, deceased: outcome > limit }));
}

/** What a modality shows of each patient's risk: risk plus the modality's own noise, scaled to variance 1. */
export function viewsOf(
  personas: readonly Persona[],
  modality: HancockModality,
  seed: number,
): ReadonlyMap<string, number> {
  const random = rng(seed, `synthetic/view/${modality}`);
  const noise = blur[modality];
  const scale = 1 / Math.hypot(1, noise);
  return new Map(personas.map(({ id, risk }) => [id, scale * (risk + noise * random.normal())]));
}

/** A given share of the patients, drawn without regard to anything about them. */
export function drawShare(personas: readonly Persona[], share: number, random: Rng): ReadonlySet<string> {
  const ids = random.shuffle(personas.map(({ id }) => id));
  return new Set(ids.slice(0, Math.round(share * personas.length)));
}
