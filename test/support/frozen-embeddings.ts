import { latentFile } from '../../src/operators/stage2/alignment-data.js';
import { embeddingsFile } from '../../src/operators/stage1/encoder-data.js';
import { writeSafetensors } from '../../src/operators/tensor/safetensors.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { miniCohort, type MiniInputs } from './mini-cohort.js';

const width = 16;

/**
 * The input of Stage 2 and Stage 3 for the mini cohort, with random z and u in place of trained ones. For tests of how a stage uses
 * its inputs; the predictions have no meaning.
 */
export function frozenEmbeddings(patients: number): MiniInputs {
  const { inputs } = miniCohort(patients);
  const stream = rng(8, 'embeddings');
  const random = (length: number): Float32Array => Float32Array.from({ length }, () => stream.normal());
  const everyone = new Uint8Array(patients).fill(1);
  const z = {
    z: { shape: [patients, width], data: random(patients * width) },
    observed: { shape: [patients], data: everyone },
  };
  const latent = {
    u: { shape: [patients, 3, width], data: random(patients * 3 * width) },
    mask: { shape: [patients, 3], data: new Uint8Array(patients * 3).fill(1) },
  };
  return {
    ...inputs.base,
    ...inputs.preprocess,
    stage1: [
      { id: 'encoder', unit: { fold: 0, modality: 'TMA' }, files: { [embeddingsFile]: writeSafetensors(z) } },
    ],
    stage2: [{ id: 'aligned', files: { [latentFile]: writeSafetensors(latent) } }],
  };
}
