import type { Rng } from '../../pipeline/core/rng.js';

/**
 * Random-modality drop (method.md 6.2): for each patient with k observed modalities, a number n from 1 to k - 1 is
 * drawn, and then a random subset of n observed modalities is removed. Every n is equally likely.
 *
 * @param mask [B, M], 1 where observed
 * @returns [B, M], the remaining modalities; none for a patient with at most one observed modality, who has no reduced
 * loss `l-`
 */
export function dropModalities(mask: Uint8Array, modalities: number, rng: Rng): Uint8Array {
  const left = new Uint8Array(mask.length);
  for (let at = 0; at < mask.length; at += modalities) {
    const observed = Array.from({ length: modalities }, (_, m) => m).filter((m) => mask[at + m] === 1);
    if (observed.length < 2) continue;
    const dropped = 1 + rng.int(observed.length - 1);
    for (const m of rng.shuffle(observed).slice(dropped)) left[at + m] = 1;
  }
  return left;
}
