import { configSchema } from './config/schema.js';
import type { ConfigPath, StageDefinition } from './stage.js';

/** A bundle contains the whole experiment, so its recipe depends on every key. */
const configKeys = Object.keys(configSchema.shape) as ConfigPath[];

/** The stages that make a bundle of a trained method, and those that use a bundle. */
export const modelStages = {
  bundle: {
    name: 'bundle',
    // Version 2: a bundle also holds mean and standard deviation of each column. Version 3: the standard deviation of
    // instances is computed in one pass.
    version: 3,
    class: 'gpu',
    reads: () => configKeys,
    opens: {
      embed: ['bags.json', 'features.f32', 'features.f16'],
      preprocess: ['fitted.json'],
      stage1: ['weights.safetensors'],
      stage2: ['weights.safetensors'],
      stage3: ['weights.safetensors', 'predictions.json', 'survival.json', 'model.json'],
      evaluate: ['calibration.json'],
      aggregate: ['summary.json'],
    },
    about: 'collects a trained method for use on new patients, and scores the test patients again with it',
    load: async () => (await import('../operators/bundle/bundle.js')).bundle,
  },
  roster: {
    name: 'roster',
    version: 1,
    class: 'cpu',
    // `data` says how columns and ids of the new patients are found. All other settings are in the bundle.
    reads: () => ['data'],
    opens: { bags: ['patient-bags.json'], embed: ['bags.json'] },
    about: 'decides which patients are predicted, and whether their data fit the model',
    load: async () => (await import('../operators/bundle/roster.js')).roster,
  },
  predict: {
    name: 'predict',
    // Version 2: the result also holds mean and squared deviations of the patients' mean instances
    // (spread.safetensors).
    version: 2,
    class: 'gpu',
    reads: () => ['seed'],
    opens: { bags: ['patient-bags.json'], embed: ['features.f32', 'features.f16'] },
    about: 'scores a part of the new patients by the models of all folds',
    load: async () => (await import('../operators/bundle/predict.js')).predict,
  },
  predictions: {
    name: 'predictions',
    // Version 2: the warnings about patients are worded differently.
    version: 2,
    class: 'cpu',
    reads: () => ['seed'],
    opens: { predict: ['scores.json'] },
    about: 'joins the predictions of all parts into one table',
    load: async () => (await import('../operators/bundle/predictions.js')).predictions,
  },
  validation: {
    name: 'validation',
    // Version 2: AUC and Brier score at a time horizon have confidence intervals. Version 3: the texts about undefined
    // measures are worded differently.
    version: 3,
    class: 'cpu',
    reads: () => ['seed', 'data', 'cohort', 'survival.tau'],
    opens: { predictions: ['predictions.json'], predict: ['spread.safetensors'] },
    about: 'compares predictions with outcomes of patients that the model was not trained on',
    load: async () => (await import('../operators/validation/validation.js')).validation,
  },
} as const satisfies Readonly<Record<string, StageDefinition>>;
