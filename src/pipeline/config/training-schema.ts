import { z } from 'zod';

/** Sections of the experiment about networks and their training: Stages 1 to 3 (docs/method.md 4 to 7). */
const activation = z.enum(['relu', 'none']);
const positive = z.number().positive();
const share = z.number().min(0).lt(1);

export const bagSchema = z.strictObject({
  maxInstances: z
    .number()
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe(
      'Maximum number of instances of a bag. Larger bags are subsampled with a seed, in training only (2.5).',
    ),
});

export const milSchema = z.strictObject({
  hidden: z.number().int().positive().default(64).describe('d1, width of the modality embedding z (4.1).'),
  attention: z.number().int().positive().default(32).describe('d2, width of the gated attention (4.1).'),
  activation: activation
    .default('relu')
    .describe('Activation after the input map. Equation 1 prints none (4.1).'),
  dropout: share.default(0.25).describe('p, dropout of the instance embedding (4.1).'),
  attentionDropout: share.default(0.25).describe('q, dropout of both gates (4.1).'),
  wBag: z.number().min(0).default(1).describe('Weight of the bag loss (4.2).'),
  wInst: z.number().min(0).default(1).describe('Weight of the instance loss (4.2).'),
  k: z
    .number()
    .int()
    .positive()
    .default(8)
    .describe('Number of instances with the highest, and with the lowest attention per bag (4.2).'),
  subtyping: z.boolean().default(true).describe('Also train the instance head of the other class (4.2).'),
  heads: z
    .enum(['both', 'deceased'])
    .default('both')
    .describe('Instance heads: one per class, or that of the deceased only (4.2).'),
  transfer: z
    .enum(['none', 'linear'])
    .default('none')
    .describe('A linear map of z to align.width before the bag classifier (4.1).'),
  wInstAgain: z
    .number()
    .min(0)
    .default(0)
    .describe('Weight of a second instance loss for rows with alignment or drop; schedule joint only (4.2).'),
});

export const alignSchema = z.strictObject({
  hidden: z.number().int().positive().default(128).describe('Hidden width of phi (5.1).'),
  width: z.number().int().positive().default(128).describe('D, width of the shared latent space (5.1).'),
  activation: activation.default('relu').describe('Inside phi (5.1).'),
  tauSv: positive.default(1).describe('Temperature of the singular-value loss (5.2).'),
  tauPd: positive.default(1).describe('Temperature of the patient-discrimination loss (5.2).'),
  lambdaPD: z.number().min(0).default(0.01).describe('Weight of the patient-discrimination loss (5.2).'),
  weight: z.number().min(0).default(1).describe('Factor on the alignment loss (5.2).'),
  normalize: z.boolean().default(true).describe('Scale the columns to unit length before the SVD (5.2).'),
  monitor: z
    .enum(['valAuc', 'valLoss'])
    .default('valAuc')
    .describe(
      'Criterion of early stopping in Stage 2: the validation AUC of a probe fusion head beside phi, or the alignment loss (7.1).',
    ),
  sign: z
    .enum(['sum', 'invariant', 'none'])
    .default('sum')
    .describe('Sign rule of the leading left singular vector (5.4).'),
});

export const fusionSchema = z.strictObject({
  projection: z
    .number()
    .int()
    .positive()
    .default(128)
    .describe('Width of the linear map P per modality of rows without alignment (8).'),
  hidden: z.number().int().positive().default(64).describe('Hidden width of the fusion network (6.1).'),
  activation: activation.default('relu').describe('Activation inside the fusion network (6.1).'),
  logits: z
    .union([z.literal(1), z.literal(2)])
    .default(1)
    .describe('One logit with binary cross-entropy, or two with softmax (6.1).'),
  dropout: share.default(0).describe('Dropout of the fusion hidden layer (6.1).'),
  lambdaMoFe: z.number().min(0).default(0.1).describe('Weight of the monotonic hinge (6.3).'),
  mofeStopGradReduced: z
    .boolean()
    .default(false)
    .describe('Treat the reduced loss as constant inside the hinge (6.3).'),
  ensemble: z
    .number()
    .int()
    .min(1)
    .max(50)
    .default(1)
    .describe(
      'Number of fusion networks with different seeds that are trained for each fold. A patient gets the mean of their outputs (12.6).',
    ),
});

export const trainSchema = z.strictObject({
  epochs: z
    .number()
    .int()
    .positive()
    .default(200)
    .describe('Maximum number of epochs of a training job (7).'),
  batch: z.number().int().positive().default(64).describe('B, patients per optimisation step (7).'),
  lr: positive.default(1e-4).describe('Learning rate of Adam (7).'),
  weightDecay: z
    .number()
    .min(0)
    .default(1e-5)
    .describe('L2 penalty, added to the gradient before the moments (7).'),
  patience: z
    .number()
    .int()
    .positive()
    .default(25)
    .describe('Epochs without improvement before training stops (7).'),
  plateauPatience: z
    .number()
    .int()
    .min(0)
    .default(15)
    .describe('Epochs without improvement of the validation loss before the learning rate drops (7).'),
  plateauFactor: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.5)
    .describe('Factor by which the learning rate is multiplied at a drop (7).'),
});
