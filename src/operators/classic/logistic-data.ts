import { z } from 'zod';

/** A penalised logistic regression over the columns of a matrix. */
export const logisticSchema = z.strictObject({
  /** Mean of each column among the training patients. */
  mean: z.array(z.number()),
  /**
   * 1 / standard deviation of each column. 0 for a column that is constant in training, so the column has no effect.
   */
  factor: z.array(z.number()),
  /** Coefficients of the standardised columns. */
  coefficients: z.array(z.number()),
  intercept: z.number(),
  /** Strength of the penalty: training minimises the mean loss per patient + lambda/2 |coefficients|^2. */
  lambda: z.number(),
});
export type Logistic = z.infer<typeof logisticSchema>;
