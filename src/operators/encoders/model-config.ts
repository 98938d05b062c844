import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Problem } from '../../pipeline/core/problem.js';
import type { SourceFile } from '../../pipeline/stage.js';
import type { OnnxSettings } from './onnx-encoder.js';

/** The name that timm and the Hugging Face hub give to the configuration file beside a model. */
const configFile = 'config.json';
const numbers = z.array(z.number());

/**
 * The part of the configuration file that is used. Newer files have it under "pretrained_cfg", older ones at the top
 * level.
 */
const preprocessingSchema = z.object({
  mean: numbers.optional(),
  std: numbers.optional(),
  interpolation: z.string().optional(),
  input_size: numbers.optional(),
});
const timmSchema = preprocessingSchema.extend({
  pretrained_cfg: preprocessingSchema.optional(),
  num_features: z.number().optional(),
});

/** Contents of config.json beside the model. Null if there is none, or if it is not a configuration of timm. */
function timmConfig(model: string): z.infer<typeof timmSchema> | null {
  try {
    return timmSchema.parse(JSON.parse(readFileSync(join(dirname(model), configFile), 'utf8')));
  } catch {
    return null;
  }
}

/**
 * Up to this difference, a number of the configuration file and one of the experiment count as equal. One of them may
 * be stored in single and the other in double precision.
 */
const tolerance = 1e-3;
const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, i) => Math.abs(value - (b[i] ?? NaN)) < tolerance);

/**
 * Warnings where the configuration beside a model contradicts the experiment: a wrong mean, std or filter changes every
 * instance without an error. A model without a configuration causes no warning.
 */
export function contradictions(source: SourceFile, settings: OnnxSettings): readonly Problem[] {
  const config = timmConfig(source.path);
  if (config === null) return [];
  const { mean, std, interpolation, input_size } = { ...config, ...config.pretrained_cfg };
  const side = input_size?.at(-1);
  const differing = [
    mean && !same(mean, settings.mean) && [`${settings.section}.mean`, mean, settings.mean],
    std && !same(std, settings.std) && [`${settings.section}.std`, std, settings.std],
    interpolation !== undefined &&
      interpolation !== settings.interpolation && [
        `${settings.section}.interpolation`,
        interpolation,
        settings.interpolation,
      ],
    side !== undefined && side !== settings.side && [settings.sideKey, side, settings.side],
  ].filter((entry) => Array.isArray(entry));
  return differing.map(([key, theirs, ours]) => ({
    severity: 'warning',
    stage: 'embed',
    patient: null,
    file: source.name,
    place: configFile,
    reason: `the configuration beside the model says ${JSON.stringify(theirs)} where ${String(key)} is ${JSON.stringify(ours)}`,
    fix: `Set ${String(key)}: ${JSON.stringify(theirs)}, unless you know that this value is wrong.`,
  }));
}
