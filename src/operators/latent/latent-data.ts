import { z } from 'zod';

/** The output of the `latent` stage: the latent space of one fold, for figures (method.md 9.3, 9.4). */
export const latentMapFile = 'latent.json';

const point = z.tuple([z.number(), z.number()]);
const similaritySchema = z.strictObject({
  /**
   * `withinPatient`: mean cosine of the vectors of two modalities of the same patient. `betweenPatients`: mean cosine
   * of the vectors of two patients in the same modality. Null if there are no pairs.
   */
  withinPatient: z.number().nullable(),
  betweenPatients: z.number().nullable(),
  /**
   * Mean over patients of sigma_1^2 / sum of sigma_j^2, where sigma_j are the singular values of the matrix of the
   * patient's vectors.
   */
  leadingShare: z.number().nullable(),
});

export const latentMapSchema = z.strictObject({
  fold: z.number().int(),
  modalities: z.array(z.string()),
  perplexity: z.number(),
  /**
   * If there are too many test patients for a map: the number of shown test patients, and the number of all test
   * patients.
   */
  shown: z.number().int().optional(),
  patients: z.number().int().optional(),
  /**
   * One point per shown test patient and observed modality: t-SNE coordinates under the initial and the trained phi.
   */
  points: z.array(
    z.strictObject({
      patient: z.string(),
      modality: z.string(),
      y: z.union([z.literal(0), z.literal(1)]),
      before: point,
      after: point,
    }),
  ),
  similarity: z.strictObject({ before: similaritySchema, after: similaritySchema }),
  /**
   * Latent vectors of one test patient, one row per modality. The row of an absent modality is null (Fig. 4 of the
   * paper).
   */
  example: z
    .strictObject({
      patient: z.string(),
      before: z.array(z.array(z.number()).nullable()),
      after: z.array(z.array(z.number()).nullable()),
    })
    .nullable(),
});
export type LatentMap = z.infer<typeof latentMapSchema>;
