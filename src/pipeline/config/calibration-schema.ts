import { z } from 'zod';

/**
 * How probabilities of a binary outcome are calibrated, and which threshold makes a patient positive (docs/method.md
 * 9.6).
 */
export const calibrationKeySchema = z
  .enum(['none', 'platt', 'isotonic', 'temperature'])
  .default('platt')
  .describe(
    'Map from score to probability, fitted on the validation patients of each fold. The uncalibrated numbers are reported beside it (9.6).',
  );

export const thresholdSchema = z
  .union([z.literal('youden'), z.number().gt(0).lt(1)])
  .default('youden')
  .describe(
    'Threshold chosen on validation patients, beside 0.5: the largest sensitivity + specificity, or the highest threshold that reaches this sensitivity (9.6).',
  );
