import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/schema.js';
import { HafError } from '../core/errors.js';
import { syntheticMarkerFile, syntheticMarkerSchema } from '../core/synthetic-marker.js';

/** Whether a folder is a cohort that "haf-pipeline synth" invented. */
export function isSynthetic(dataRoot: string): boolean {
  try {
    const marker: unknown = JSON.parse(readFileSync(join(dataRoot, syntheticMarkerFile), 'utf8'));
    return syntheticMarkerSchema.safeParse(marker).success;
  } catch {
    return false;
  }
}

/**
 * Keeps the stand-in encoder away from real patients: its results would look like results.
 *
 * @throws HafError HAF_ENCODER_UNFIT when images of a cohort that is not synthetic would be given to it, unless forced
 */
export function guardStandIn({ data, embed: { encoder } }: Config, dataRoot: string): void {
  const used = encoder.standIn && (data.wsi.slides !== null || data.tma.images !== null);
  if (!used || encoder.force || isSynthetic(dataRoot)) return;
  throw new HafError(
    'HAF_ENCODER_UNFIT',
    `embed.encoder.standIn is set, but ${dataRoot} is no synthetic cohort: the stand-in is colour and texture statistics, not a pathology model.`,
    'Name a model in embed.encoder.onnx, use features made elsewhere (data.wsi.files), or set embed.encoder.force: true to see the pipeline run, whatever its numbers mean.',
    { context: { key: 'embed.encoder.standIn' } },
  );
}
