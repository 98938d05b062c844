import type { ConfigPath } from './stage.js';

/** Keys that a job with the model of `embed.encoder` reads. */
export const onnxKeys = [
  'tile.targetSize',
  'embed.encoder.interpolation',
  'embed.encoder.mean',
  'embed.encoder.std',
  'embed.encoder.batch',
] as const;

/** The keys that a job with the own encoder of a modality reads. */
export const ownOnnxKeys = (modality: string): readonly ConfigPath[] =>
  (['targetSize', 'interpolation', 'mean', 'std', 'batch'] as const).map(
    (key): ConfigPath => `data.modalities.${modality}.encoder.${key}`,
  );

/**
 * Keys of `tile` that a `tile` job reads. tile.scene is instead part of the unit, and only for slides that it affects.
 */
export const tileKeys = [
  ...(['tile.size', 'tile.step', 'tile.level', 'tile.mpp'] as const),
  ...(['tile.defaultMpp', 'tile.damagedShare', 'tile.targetSize'] as const),
] as const;
