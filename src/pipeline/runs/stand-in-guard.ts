import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../config/schema.js';
import { hasOwnEncoder } from '../config/slots.js';
import { HafError } from '../core/errors.js';
import { syntheticMarkerFile, syntheticMarkerSchema } from '../core/synthetic-marker.js';
import type { BagFiles } from '../sources/find-sources.js';
import { placesTiles } from '../stage.js';

/** Whether a file is in a cohort that "haf-pipeline synth" made. */
export function isSynthetic(file: string): boolean {
  const folder = dirname(file);
  try {
    const marker: unknown = JSON.parse(readFileSync(join(folder, syntheticMarkerFile), 'utf8'));
    return syntheticMarkerSchema.safeParse(marker).success;
  } catch {
    return folder !== file && isSynthetic(folder);
  }
}

/**
 * Refuses to encode images of real patients with the stand-in encoder (docs/encoders.md), because its output could be
 * mistaken for results.
 *
 * @throws HafError HAF_ENCODER_UNFIT if it would encode an image outside of a synthetic cohort, unless `force` is set
 */
export function guardStandIn(config: Config, bags: readonly BagFiles[]): void {
  const { encoder } = config.embed;
  if (!encoder.standIn || encoder.force) return;
  const images = bags
    .filter(({ kind, modality }) => kind === 'images' && !hasOwnEncoder(config, modality))
    .flatMap(({ sources }) => sources);
  const real = images.find((source) => !placesTiles(source) && !isSynthetic(source.path));
  if (!real) return;
  throw new HafError(
    'HAF_ENCODER_UNFIT',
    `embed.encoder.standIn is set, but ${real.name} is not in a synthetic cohort: the stand-in is colour and texture statistics, not a pathology model.`,
    'Name a model in embed.encoder.onnx, use features made elsewhere (`files` of the modality), or set embed.encoder.force: true to see the pipeline run; its numbers then mean nothing.',
    { context: { key: 'embed.encoder.standIn' } },
  );
}
