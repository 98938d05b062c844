import { z } from 'zod';

/**
 * Section of the experiment about time-to-event: losses, bins, and the times at which curves are evaluated
 * (docs/method.md 11).
 */
export const survivalSchema = z.strictObject({
  loss: z
    .enum(['hazards', 'cox'])
    .default('hazards')
    .describe(
      'Loss of the rows on frozen vectors: discrete-time hazards, or Cox partial likelihood over all training patients at once (11.2, 11.3). Stage 1, the probe of Stage 2 and rows trained jointly keep hazards.',
    ),
  bins: z
    .number()
    .int()
    .min(1)
    .default(4)
    .describe(
      'Number of time bins. Their edges are quantiles of the event times of training patients (11.2).',
    ),
  edges: z
    .array(z.number().positive())
    .nullable()
    .default(null)
    .describe('Inner edges of the bins in years, ascending. If given, quantiles are not used (11.2).'),
  censorCredit: z
    .enum(['half', 'full', 'none'])
    .default('half')
    .describe(
      'Whether a censored patient counts as having survived the bin of the last contact: if the contact was in its second half, always, or never (11.2).',
    ),
  ties: z
    .enum(['efron', 'breslow'])
    .default('efron')
    .describe('How Cox treats events at the same time (11.3).'),
  monitor: z
    .enum(['valLoss', 'valC'])
    .default('valLoss')
    .describe(
      "Criterion of early stopping: mean validation loss, or Harrell's C of validation patients (11.6).",
    ),
  horizons: z
    .array(z.number().positive())
    .min(1)
    .default([2, 3, 5])
    .describe('Years at which AUC, Brier score and calibration are computed (11.5).'),
  tau: z
    .number()
    .positive()
    .default(5)
    .describe("Upper limit in years for Uno's C and the integrated Brier score (11.5)."),
  cut: z
    .enum(['train', 'validation'])
    .default('train')
    .describe('Patients whose median risk separates the two risk groups of a fold (11.4).'),
});

/** Keys that the loss depends on in networks that predict discrete hazards. */
export const hazardKeys = [
  'survival.bins',
  'survival.edges',
  'survival.censorCredit',
  'survival.monitor',
] as const;
/**
 * Further keys that the loss depends on in methods that learn from frozen vectors. Only evaluation uses the remaining
 * keys of the section.
 */
export const frozenLossKeys = ['survival.loss', 'survival.ties'] as const;
