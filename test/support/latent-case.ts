import { writeSafetensors } from '../../src/operators/tensor/safetensors.js';
import { rng } from '../../src/pipeline/core/rng.js';
import type { ModalityId } from '../../src/pipeline/core/modality.js';
import { inventedCohort, inventedIds, type InputArtifact } from './invented-results.js';

export const latentWidth = 6;

/**
 * Latent vectors of an invented cohort. Before training they are random; after training each is near a direction that belongs to its
 * patient.
 */
export interface InventedLatents {
  readonly u: Float32Array;
  readonly before: Float32Array;
  readonly mask: Uint8Array;
}

/** @param absent whether a patient lacks a modality; both are given by their positions */
export function inventedLatents(
  patients: number,
  modalities: number,
  absent: (patient: number, modality: number) => boolean,
): InventedLatents {
  const random = rng(21, 'latents');
  const mask = Uint8Array.from({ length: patients * modalities }, (_, slot) =>
    absent(Math.floor(slot / modalities), slot % modalities) ? 0 : 1,
  );
  const before = new Float32Array(mask.length * latentWidth);
  const u = new Float32Array(before.length);
  for (let patient = 0; patient < patients; patient++) {
    const own = Array.from({ length: latentWidth }, () => random.normal());
    for (let slot = patient * modalities; slot < (patient + 1) * modalities; slot++)
      for (let d = 0; d < latentWidth; d++) {
        const [start, noise] = [random.normal(), random.normal()];
        if (mask[slot] === 0) continue;
        before[slot * latentWidth + d] = start;
        u[slot * latentWidth + d] = (own[d] as number) + 0.3 * noise;
      }
  }
  return { u, before, mask };
}

/** The `stage2` artifact that holds the latent vectors. */
export const latentArtifact = (
  { u, before, mask }: InventedLatents,
  modalities: number,
  unit: InputArtifact['unit'] = { fold: 0, alignment: 'svd' },
): InputArtifact => {
  const slots = [mask.length / modalities, modalities];
  return {
    id: 'stage2',
    unit,
    files: {
      'u.safetensors': writeSafetensors({
        u: { shape: [...slots, latentWidth], data: u },
        before: { shape: [...slots, latentWidth], data: before },
        mask: { shape: slots, data: mask },
      }),
    },
  };
};

/** Cohort, split and latent vectors for the `latent` stage. Every `folds`-th patient is a test patient in fold 0. */
export function latentInputs(
  latents: InventedLatents,
  modalities: readonly ModalityId[],
  folds = 3,
): { cohort: InputArtifact[]; split: InputArtifact[]; stage2: InputArtifact[] } {
  const ids = inventedIds(latents.mask.length / modalities.length);
  const test = ids.filter((_, i) => i % folds === 0);
  const rest = ids.filter((_, i) => i % folds !== 0);
  return {
    cohort: [inventedCohort(ids.length)],
    split: [
      {
        id: 'split',
        unit: {},
        files: {
          'splits.json': { folds: [{ train: rest.slice(2), val: rest.slice(0, 2), test }], hash: 'abc' },
        },
      },
    ],
    stage2: [latentArtifact(latents, modalities.length)],
  };
}
