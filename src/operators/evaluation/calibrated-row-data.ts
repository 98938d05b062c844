import { z } from 'zod';
import { pooledAucSchema, spreadSchema } from './spread-data.js';

/** Reliability of the pooled test probabilities in ten bins of equal width. Empty bins are left out. */
export const calibrationSchema = z.strictObject({
  ece: z.number().nullable(),
  bins: z.array(
    z.strictObject({
      from: z.number(),
      to: z.number(),
      patients: z.number().int(),
      /** Mean probability of the patients of the bin, and the fraction of positive patients among them. */
      predicted: z.number(),
      observed: z.number(),
    }),
  ),
});
export type Calibration = z.infer<typeof calibrationSchema>;

const classification = {
  accuracy: spreadSchema,
  balancedAccuracy: spreadSchema,
  sensitivity: spreadSchema,
  specificity: spreadSchema,
};

/** Test metrics of a method after calibration on the validation patients of each fold (method.md 9.6). */
export const calibratedRowSchema = z.strictObject({
  /** Number of folds for each kind of calibration map. `none` means that no map could be fitted. */
  maps: z.array(
    z.strictObject({
      kind: z.enum(['none', 'platt', 'isotonic', 'temperature']),
      folds: z.number().int(),
    }),
  ),
  /** Metrics at threshold 0.5. */
  ...classification,
  /** Metrics at the threshold that each fold chose. */
  atThreshold: z.strictObject(classification),
  threshold: spreadSchema,
  brier: spreadSchema,
  ece: spreadSchema,
  /** AUC of the calibrated probabilities of all folds together. */
  pooledAuc: pooledAucSchema,
  reliability: calibrationSchema,
});
export type CalibratedRow = z.infer<typeof calibratedRowSchema>;

/** The kinds of calibration maps as text, for example "platt", or "none 1, platt 9" if folds differ. */
export const mapsText = ({ maps }: Pick<CalibratedRow, 'maps'>): string =>
  maps.length === 1 ? (maps[0]?.kind ?? '') : maps.map(({ kind, folds }) => `${kind} ${folds}`).join(', ');
