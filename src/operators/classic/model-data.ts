import { z } from 'zod';
import { survivalModelSchema } from '../survival/survival-model.js';
import { designSchema } from './design-data.js';
import { treeSchema } from './forest-data.js';
import { logisticSchema } from './logistic-data.js';

/**
 * The file that a classical method writes beside its predictions: everything needed to convert inputs of patients to
 * outputs (`model-outputs.ts`). The model finds columns by name and categories by their words, so it can read the
 * tables of new patients.
 */
export const modelFile = 'model.json';

/** Logit of the fraction of events among the training patients: the output for a patient without any input of the model. */
const base = z.number();

export const ridgeModelSchema = z.strictObject({
  kind: z.literal('ridge'),
  base,
  design: designSchema,
  logistic: logisticSchema,
});
export type RidgeModel = z.infer<typeof ridgeModelSchema>;

export const forestModelSchema = z.strictObject({
  kind: z.literal('forest'),
  base,
  design: designSchema,
  trees: z.array(treeSchema).min(1),
});
export type ForestModel = z.infer<typeof forestModelSchema>;

export const stackModelSchema = z
  .strictObject({
    kind: z.literal('stack'),
    base,
    /** One model per modality, for the columns of a table or the mean instance of a bag. */
    parts: z.array(
      z.discriminatedUnion('from', [
        z.strictObject({
          from: z.literal('table'),
          modality: z.string(),
          design: designSchema,
          logistic: logisticSchema,
        }),
        z.strictObject({
          from: z.literal('bag'),
          modality: z.string(),
          width: z.number().int().positive(),
          logistic: logisticSchema,
        }),
      ]),
    ),
    /**
     * The combination. It reads one column for each part: the logit minus the logit of the base rate, or 0 if the
     * modality is missing. No coefficient is below 0.
     */
    combination: logisticSchema,
  })
  .refine(({ parts, combination }) => combination.coefficients.length === parts.length, {
    path: ['combination'],
    error: 'the stack has another number of weights than of parts',
  });
export type StackModel = z.infer<typeof stackModelSchema>;

export const coxRidgeModelSchema = z.strictObject({
  kind: z.literal('coxRidge'),
  design: designSchema,
  /** Mean and 1 / standard deviation of each column. `factor` is 0 for a column that is constant in training. */
  mean: z.array(z.number()),
  factor: z.array(z.number()),
  /** Coefficients of the standardised columns. */
  coefficients: z.array(z.number()),
  lambda: z.number(),
  /** Converts linear predictors to survival curves. */
  curve: survivalModelSchema,
});
export type CoxRidgeModel = z.infer<typeof coxRidgeModelSchema>;

export const kaplanMeierModelSchema = z.strictObject({
  kind: z.literal('kaplanMeier'),
  curve: survivalModelSchema,
});

export const classicModelSchema = z.discriminatedUnion('kind', [
  ridgeModelSchema,
  forestModelSchema,
  stackModelSchema,
  coxRidgeModelSchema,
  kaplanMeierModelSchema,
]);
export type ClassicModel = z.infer<typeof classicModelSchema>;
