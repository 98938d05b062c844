import { rng, type Rng } from '../../pipeline/core/rng.js';

/** An invented patient. */
export interface Persona {
  readonly id: string;
  /** The hidden cause of everything that can be learned. Standard normal; higher is worse. */
  readonly risk: number;
  readonly deceased: boolean;
}

/** Fraction of deceased patients, as in HANCOCK (213 of 763). */
const hancockShare = 0.28;
/** Standard deviation of the part of the risk that no modality shows. It keeps the AUC of a perfect model below 1. */
const chance = 0.3;

/**
 * Standard deviation of the noise that each modality adds to the risk. The values were found by trial: over 150
 * patients, a linear model on one modality reaches an AUC of 0.6 to 0.8, and the mean of the seven linear models 0.82
 * to 0.9.
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
const hancockNoise: Readonly<Record<string, number>> = blur;

/** A modality of HANCOCK. */
export type HancockModality = keyof typeof blur;

/** Ids of an invented cohort, and the fraction of deceased patients. */
export interface PersonaOptions {
  /** The id of the patient with this index. @default "001", "002" and so on, as in HANCOCK */
  readonly idOf?: (index: number) => string;
  /**
   * Fraction of deceased patients.
   * @default 0.28, as in HANCOCK
   */
  readonly deceasedShare?: number;
}

/** The invented patients in the order of their index. The id is unrelated to the risk. */
export function drawPersonas(
  patients: number,
  seed: number,
  { idOf = (index) => String(index + 1).padStart(3, '0'), deceasedShare = hancockShare }: PersonaOptions = {},
): readonly Persona[] {
  const random = rng(seed, 'synthetic/personas');
  const drawn = Array.from({ length: patients }, (_, i) => {
    const risk = random.normal();
    return { id: idOf(i), risk, outcome: risk + chance * random.normal() };
  });
  const worstFirst = drawn.map(({ outcome }) => outcome).sort((a, b) => b - a);
  const limit = worstFirst[Math.round(deceasedShare * patients)] ?? -Infinity;
  return drawn.map(({ id, risk, outcome }) => ({ id, risk, deceased: outcome > limit }));
}

/**
 * What a modality shows of each patient's risk (the view): the risk plus noise of this modality, scaled to variance 1.
 *
 * @param noise standard deviation of the noise, relative to a standard deviation of 1 of the risk
 */
export function viewsOf(
  personas: readonly Persona[],
  modality: string,
  seed: number,
  noise: number = hancockNoise[modality] ?? 1,
): ReadonlyMap<string, number> {
  const random = rng(seed, `synthetic/view/${modality}`);
  const scale = 1 / Math.hypot(1, noise);
  return new Map(personas.map(({ id, risk }) => [id, scale * (risk + noise * random.normal())]));
}

/** A given fraction of the patients, drawn independently of their properties. */
export function drawShare(personas: readonly Persona[], share: number, random: Rng): ReadonlySet<string> {
  const ids = random.shuffle(personas.map(({ id }) => id));
  return new Set(ids.slice(0, Math.round(share * personas.length)));
}
