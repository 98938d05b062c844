import { z } from 'zod';

/**
 * `u.safetensors` of a `stage2` artifact, patients in cohort order: `u` and `before` float32 [n, M, D], the latent
 * vectors under the best and the initial weights, and `mask` uint8 [n, M]. Vectors are zero where the mask is 0.
 */
export const latentFile = 'u.safetensors';
export const spectrumFile = 'spectrum.json';

/** The settings of the signed alignment that were tried, and the one that validation chose. */
export const candidatesFile = 'candidates.json';
export const candidatesSchema = z.strictObject({
  /**
   * Each tried setting. `validation` says how well the probe (the fusion network trained beside phi, method.md 7.1)
   * ranks the validation patients at its best epoch: AUC, or Harrell's C for time-to-event.
   */
  tried: z.array(
    z.strictObject({ lambdaPD: z.number(), tau: z.number(), validation: z.number().nullable() }),
  ),
  /** The index in `tried` of the settings that validation chose. */
  chosen: z.number().int(),
});
export type Candidates = z.infer<typeof candidatesSchema>;

const meansSchema = z.strictObject({
  /** Number of patients with every modality. `sigma` is the mean over these patients. */
  complete: z.number().int(),
  /** Mean singular values of the normalised modality vectors, descending. Null without complete patients. */
  sigma: z.array(z.number()).nullable(),
  /** Mean of sigma_1^2 / sum of sigma^2 over patients with at least two modalities. 1 is perfect alignment. */
  leadingShare: z.number().nullable(),
});
export type SpectrumMeans = z.infer<typeof meansSchema>;

const changeSchema = z.strictObject({ before: meansSchema, after: meansSchema });

/** How similar the modalities of a patient are before and after training, for each set of the fold. */
export const spectrumSchema = z.strictObject({
  modalities: z.array(z.string()),
  train: changeSchema,
  val: changeSchema,
  test: changeSchema,
});
export type Spectrum = z.infer<typeof spectrumSchema>;
