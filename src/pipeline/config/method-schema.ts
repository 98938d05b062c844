import { z } from 'zod';

/** Sections of the experiment about comparison methods, robustness and statistics (docs/method.md 8 and 9). */
const activation = z.enum(['relu', 'none']);
const positive = z.number().positive();
const share = z.number().min(0).lt(1);

export const singleSchema = z.strictObject({
  hidden: z.number().int().positive().default(64).describe('Hidden width of a single-table network (8.8).'),
  activation: activation.default('relu').describe('Activation inside a single-table network (8.8).'),
  dropout: share.default(0.25).describe('Dropout of its hidden layer (8.8).'),
  logits: z
    .union([z.literal(1), z.literal(2)])
    .default(1)
    .describe('One logit with binary cross-entropy, or two with softmax (8.8).'),
});

export const clipSchema = z.strictObject({
  anchor: z
    .string()
    .nullable()
    .default(null)
    .describe(
      'Modality that the others are contrasted with. null uses the first bag. The layout hancock sets WSI (8.2).',
    ),
  includeSelf: z
    .boolean()
    .default(false)
    .describe('Also compare the anchor with itself, as the reference implementation does (8.2).'),
  temperature: positive.default(0.07).describe('Initial temperature. Its logarithm is learned (8.2).'),
  maxScale: positive.default(100).describe('Upper bound of the learned scale (8.2).'),
});

/**
 * Maximum number of settings of the signed alignment that validation chooses from. Each setting is one training of
 * Stage 2.
 */
export const mostSigned = 4;

export const signedSchema = z.strictObject({
  lambdaPD: z
    .array(z.number().min(0))
    .min(1)
    .default([1])
    .describe(
      `Weights of the patient-discrimination loss of the signed alignment. If lambdaPD or tau has several values (at most ${mostSigned} combinations), Stage 2 keeps the combination whose probe ranks the validation patients best (12.5).`,
    ),
  tau: z.array(positive).min(1).default([0.1]).describe('Temperatures of that loss (12.5).'),
});

const pooled = <T extends z.ZodType>(type: T, key: string) =>
  type.nullable().default(null).describe(`${key} of the pooling rows. null uses ${key} (8.3).`);

export const poolSchema = z.strictObject({
  detach: z.boolean().default(true).describe('Stop gradients between the stages of the pooling rows (8.3).'),
  imageLoss: z
    .boolean()
    .default(true)
    .describe('Train the encoders of the pooling rows by the image loss (8.3).'),
  tauSv: pooled(positive, 'align.tauSv'),
  tauPd: pooled(positive, 'align.tauPd'),
  lambdaPD: pooled(z.number().min(0), 'align.lambdaPD'),
});

export const mdlmSchema = z.strictObject({
  combine: z
    .enum(['learned', 'mean', 'frozenConcat'])
    .default('learned')
    .describe(
      'Late fusion by learned weights, by the mean of the logits, or - as in the reference implementation - by a layer over image logits and raw tables that is never trained (8.5).',
    ),
  detach: z.boolean().default(true).describe('Stop gradients from MDLM into the encoders (8.5).'),
});

export const mfmfSchema = z.strictObject({
  sequence: z
    .array(z.string())
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'Bags that the tabular tokens attend to, one block each, in this order. null uses all bags with the target last. The layout hancock sets [TMA, WSI] (8.6).',
    ),
  target: z
    .string()
    .nullable()
    .default(null)
    .describe('The bag of the last block, if mfmf.sequence is null. null uses the first bag (8.6).'),
  projection: z
    .enum(['trained', 'frozenRandom'])
    .default('trained')
    .describe('Linear maps of tokens and instances; the reference implementation never trains them (8.6).'),
});

export const robustnessSchema = z.strictObject({
  draws: z
    .number()
    .int()
    .positive()
    .default(20)
    .describe(
      'Number of seeded random draws for each fraction of modalities removed from test patients (9.2).',
    ),
});

export const statsSchema = z.strictObject({
  reference: z.string().default('haf').describe('The method that the others are compared with (9.5).'),
  against: z
    .array(z.string())
    .default(['ps3', 'mdlm', 'mfmf', 'bilinear'])
    .describe(
      'The methods compared with it, as one family of tests. Methods that are not run are left out (9.5).',
    ),
  mcnemar: z
    .enum(['exact', 'continuity', 'uncorrected'])
    .default('exact')
    .describe('Test of accuracies: binomial, or chi-square with or without continuity correction (9.5).'),
  pooling: z
    .enum(['pooled', 'foldMean'])
    .default('pooled')
    .describe('DeLong test on the predictions of all folds together, or per fold and averaged (9.5).'),
  bootstrap: z
    .number()
    .int()
    .min(0)
    .default(2000)
    .describe(
      'Number of bootstrap resamples of patients for intervals of differences. 0 leaves the intervals out.',
    ),
  subgroups: z
    .array(
      z.union([
        z.string(),
        z.strictObject({
          column: z.string().describe('<table>.<column>'),
          bands: z
            .array(z.number())
            .min(1)
            .nullable()
            .default(null)
            .describe('Boundaries of the groups, ascending.'),
        }),
      ]),
    )
    .default([])
    .describe(
      'Columns that divide the test patients into groups: `Clin.sex`, or `{column: Clin.age, bands: [60, 70]}`. The table need not be in modalities (9.8).',
    ),
  smallestGroup: z
    .number()
    .int()
    .min(1)
    .default(10)
    .describe('Groups with fewer test patients are suppressed (9.8).'),
});
